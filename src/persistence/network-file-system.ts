/**
 * Linux: `f_type` of statfs(2), from linux/magic.h and the file systems' own headers. Not among them, since nobody can
 * tell by the number whether another machine is behind it: FUSE (sshfs, but also local ones) and 9p (the only file system
 * that some sandboxes and WSL's Windows drives have).
 */
const LINUX_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
]);

/** macOS: as mount(8) names them. Its own numbers differ from one version to the next. */
const MAC_TYPES: ReadonlyMap<string, string> = new Map([
  ['nfs', 'NFS'],
  ['smbfs', 'SMB'],
  ['afpfs', 'AFP'],
  ['webdav', 'WebDAV'],
  ['ftp', 'FTP'],
]);

/** macOS shows this volume's folders at the root, too (firmlinks). */
const MAC_DATA_VOLUME = '/System/Volumes/Data';

const MOUNT = /^.+? on (\/.*) \(([^(),]+)(?:, [^()]*)?\)$/;

/** @returns the name of the network file system, null for any other */
export function networkTypeOnLinux(type: number): string | null {
  // On a 32-bit machine the larger ones come as negative numbers.
  return LINUX_TYPES.get(type >>> 0) ?? null;
}

/**
 * On what a folder lies, by what `mount` of macOS prints: the deepest mount point above it, the later of two in one place.
 *
 * @param folder absolute and real
 * @returns the name of the network file system, null for any other
 */
export function networkTypeOnMac(folder: string, mounts: string): string | null {
  let deepest = -1;
  let type = '';
  for (const line of mounts.split('\n')) {
    const fields = MOUNT.exec(line);
    if (fields === null) continue;
    const point = withoutDataVolume(fields[1] ?? '');
    if (point.length < deepest || !isWithin(withoutDataVolume(folder), point)) continue;
    deepest = point.length;
    type = fields[2] ?? '';
  }
  return MAC_TYPES.get(type) ?? null;
}

function withoutDataVolume(path: string): string {
  return isWithin(path, MAC_DATA_VOLUME) ? path.slice(MAC_DATA_VOLUME.length) || '/' : path;
}

function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
