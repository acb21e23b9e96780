import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { errorCodeOf } from '../../src/kernel';
import { makeTempFolder } from './temp-folder';

/** A real file system of a few megabytes that a test can fill completely. */
export interface SmallDisk {
  readonly root: string;
  fill(): void;
  free(): void;
  remove(): void;
}

/** Mounts a small file system; null if this user may not mount one. */
export function makeSmallDisk(megabytes: number): SmallDisk | null {
  const folder = makeTempFolder();
  const root = folder.folder('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', root], { stdio: 'ignore' });
  } catch {
    folder.remove();
    return null;
  }
  const filler = `${root}/filler`;
  return {
    root,
    fill: () => {
      const descriptor = openSync(filler, 'a');
      for (let bytes = 1_048_576; bytes >= 1;) {
        try {
          writeSync(descriptor, Buffer.alloc(bytes));
        } catch (error) {
          if (errorCodeOf(error) !== 'ENOSPC') throw error;
          bytes = Math.floor(bytes / 2);
        }
      }
      closeSync(descriptor);
    },
    free: () => {
      rmSync(filler, { force: true });
    },
    remove: () => {
      execFileSync('umount', [root], { stdio: 'ignore' });
      folder.remove();
    },
  };
}
