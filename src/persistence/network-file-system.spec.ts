import { readFileSync } from 'node:fs';
import path from 'node:path';
import { networkFileSystemOf } from './lock-facts';
import { networkTypeOnLinux, networkTypeOnMac } from './network-file-system';

const MOUNTS = readFileSync(path.resolve(__dirname, '../../test/fixtures/ps/macos-mount.txt'), 'utf8');

describe('the type of a file system on Linux', () => {
  it.each([
    [0x6969, 'NFS'],
    [0x517b, 'SMB'],
    [0xfe534d42, 'SMB'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'],
    [0x5346414f, 'AFS'],
    [0x6b414653, 'AFS'],
    [0x73757245, 'Coda'],
    [0x564c, 'NCP'],
    [0x00c36400, 'Ceph'],
    [0x47504653, 'GPFS'],
    [0x0bd00bd0, 'Lustre'],
    [0x7461636f, 'OCFS2'],
    [0x01161970, 'GFS2'],
  ])('0x%s is a network file system: %s', (type, name) => {
    expect(networkTypeOnLinux(type)).toBe(name);
  });

  it.each([
    ['ext4', 0xef53],
    ['btrfs', 0x9123683e],
    ['xfs', 0x58465342],
    ['tmpfs', 0x01021994],
    ['overlay', 0x794c7630],
    ['zfs', 0x2fc12fc1],
    ['FUSE, which may be local', 0x65735546],
    ['9p, which may be all that a sandbox has', 0x01021997],
    ['an unknown file system', 1],
  ])('of %s is not a network file system', (_name, type) => {
    expect(networkTypeOnLinux(type)).toBeNull();
  });
});

describe('the output of mount on macOS', () => {
  it.each([
    ['/Volumes/Photo Library', 'SMB'],
    ['/Volumes/Photo Library/agents/data', 'SMB'],
    ['/Users/ada/vault (vault.lan)/data', 'SMB'],
    ['/Volumes/time_mach/data', 'AFP'],
    ['/projects/agents/data', 'NFS'],
    ['/System/Volumes/Data/projects/agents', 'NFS'],
    ['/Volumes/dav', 'WebDAV'],
  ])('shows %s on a network file system: %s', (folder, name) => {
    expect(networkTypeOnMac(folder, MOUNTS)).toBe(name);
  });

  it.each([
    '/',
    '/Users/ada/agent-spawner/data',
    '/Users/ada/vault',
    '/Volumes/Photo Library 2/data',
    '/Volumes/Photo',
    '/Volumes/Work SSD/data',
    '/Volumes/time_mach/local/data',
    '/Volumes/sshfs/data',
    '/projects2',
    '/home/ada',
  ])('shows %s on no network file system', (folder) => {
    expect(networkTypeOnMac(folder, MOUNTS)).toBeNull();
  });

  it('shows the later of two mounts at one place', () => {
    const mounts = '/dev/disk4 on /mnt (apfs, local)\nnas:/x on /mnt (nfs)\n';
    expect(networkTypeOnMac('/mnt/data', mounts)).toBe('NFS');
    expect(networkTypeOnMac('/mnt/data', mounts.split('\n').reverse().join('\n'))).toBeNull();
  });

  it.each(['', 'mount: failed', '/dev/disk1 on nowhere (nfs)', 'nas:/x on /mnt'])(
    'shows no network file system if it is %j',
    (text) => {
      expect(networkTypeOnMac('/mnt', text)).toBeNull();
    },
  );
});

describe('this machine', () => {
  it('has the folder of its tests on a local disk', () => {
    expect(networkFileSystemOf(__dirname)).toBeNull();
  });
});
