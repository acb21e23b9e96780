import { execFileSync } from 'node:child_process';
import { realpathSync, statfsSync } from 'node:fs';
import { networkTypeOnLinux, networkTypeOnMac } from './network-file-system';

const MOUNT_TIMEOUT_MS = 5_000;

/** The network file system on which an existing folder lies; null: a local one, or nobody can say. */
export function networkFileSystemOf(folder: string): string | null {
  if (process.platform === 'linux') return networkTypeOnLinux(statfsSync(folder).type);
  if (process.platform === 'darwin') return networkTypeOnMac(realpathSync(folder), mounts());
  return null;
}

function mounts(): string {
  return execFileSync('/sbin/mount', [], { encoding: 'utf8', timeout: MOUNT_TIMEOUT_MS, env: { LC_ALL: 'C' } });
}
