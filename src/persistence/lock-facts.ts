import { execFileSync } from 'node:child_process';
import { realpathSync, statfsSync } from 'node:fs';
import type { LockFacts } from './instance-lock';
import { networkTypeOnLinux, networkTypeOnMac } from './network-file-system';

const MOUNT_TIMEOUT_MS = 5_000;

/** Reads facts about the processes of this machine. */
export interface ProcessFacts {
  bootId(): string;
  /** Returns null if there is no such process. */
  facts(pid: number): { readonly startTime: number } | null;
}

/** Returns the facts about this machine that a lock needs. */
export function lockFacts(processes: ProcessFacts): LockFacts {
  return {
    bootId: () => processes.bootId(),
    startTime: (pid) => processes.facts(pid)?.startTime ?? null,
    networkFileSystemOf,
  };
}

/** Returns the network file system on which an existing folder lies; null if it is local or unknown. */
export function networkFileSystemOf(folder: string): string | null {
  if (process.platform === 'linux') return networkTypeOnLinux(statfsSync(folder).type);
  if (process.platform === 'darwin') return networkTypeOnMac(realpathSync(folder), mounts());
  return null;
}

function mounts(): string {
  return execFileSync('/sbin/mount', [], { encoding: 'utf8', timeout: MOUNT_TIMEOUT_MS, env: { LC_ALL: 'C' } });
}
