import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A temporary folder for one test; names are relative to it. */
export interface TempFolder {
  /** Absolute real path. */
  readonly root: string;
  /** Returns the absolute path of a name. */
  at(name: string): string;
  /**
   * Writes a file and creates its parent folders.
   *
   * @returns its absolute path
   */
  file(name: string, content?: string, mode?: number): string;
  folder(name: string): string;
  /**
   * Creates a symbolic link at `name`.
   *
   * @param target stored in the link unchanged
   */
  link(name: string, target: string): string;
  remove(): void;
}

export function makeTempFolder(): TempFolder {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'agent-spawner-unit-')));
  const at = (name: string) => path.join(root, name);
  const above = (name: string) => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    return at(name);
  };
  return {
    root,
    at,
    file: (name, content = '', mode = 0o644) => {
      const file = above(name);
      writeFileSync(file, content);
      chmodSync(file, mode);
      return file;
    },
    folder: (name) => {
      mkdirSync(at(name), { recursive: true });
      return at(name);
    },
    link: (name, target) => {
      const file = above(name);
      symlinkSync(target, file);
      return file;
    },
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
