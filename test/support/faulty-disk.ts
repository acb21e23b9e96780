import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeTempFolder } from './temp-folder';

export type DiskFault = 'EIO' | 'ENOSPC' | 'hang' | 'block' | `slow ${number}`;

/** The disk of a service's database, which fails on demand. */
export interface FaultyDisk {
  /** Settings that make the service write through this disk. */
  readonly settings: Readonly<Record<string, string>>;
  fail(fault: DiskFault): void;
  mend(): void;
  remove(): void;
}

export function makeFaultyDisk(): FaultyDisk {
  const folder = makeTempFolder();
  const flag = folder.at('fault');
  const program = path.resolve(__dirname, '../fixtures/disk/faulty.cjs');
  return {
    settings: { NODE_OPTIONS: `--require "${program}"`, FAULTY_DISK: flag },
    fail: (fault) => {
      if (fault === 'block') execFileSync('mkfifo', [`${flag}.pipe`]);
      writeFileSync(flag, fault);
    },
    mend: () => {
      for (const file of [flag, `${flag}.pipe`]) rmSync(file, { force: true });
    },
    remove: () => {
      folder.remove();
    },
  };
}
