/**
 * Linux: `f_type` of statfs(2), from linux/magic.h and the headers of the file systems. FUSE and 9p are left out, since
 * their number does not show whether the storage is remote. FUSE is used by sshfs and by local file systems. 9p is the
 * only file system of some sandboxes and of WSL's Windows drives.
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

/** macOS: names as printed by mount(8). The numbers differ between versions of macOS. */
const MAC_TYPES: ReadonlyMap<string, string> = new Map([
  ['nfs', 'NFS'],
  ['smbfs', 'SMB'],
  ['afpfs', 'AFP'],
  ['webdav', 'WebDAV'],
  ['ftp', 'FTP'],
]);

/** macOS also shows the folders of this volume at the root (firmlinks). */
const MAC_DATA_VOLUME = '/System/Volumes/Data';

const MOUNT = /^.+? on (\/.*) \(([^(),]+)(?:, [^()]*)?\)$/;

/** @returns the name of the network file system; null for any other */
export function networkTypeOnLinux(type: number): string | null {
  // On a 32-bit machine the larger numbers are negative.
  return LINUX_TYPES.get(type >>> 0) ?? null;
}

/**
 * Finds the file system of a folder in the output of macOS's `mount`: the deepest mount point above it, or the later of
 * two at the same place.
 *
 * @param folder absolute, without symbolic links
 * @returns the name of the network file system; null for any other
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
