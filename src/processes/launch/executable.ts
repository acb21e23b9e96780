import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** Returns true if `file` is a file, or a link to one, that this user may execute. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Returns the absolute path of a program on a PATH; null if it is not found. */
export function findOnPath(name: string, pathVariable: string | undefined): string | null {
  for (const folder of (pathVariable ?? '').split(path.delimiter)) {
    // A relative PATH entry would depend on the supervisor's working directory.
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (isExecutable(file)) return file;
  }
  return null;
}

/** Returns the real path of a file; null if it does not exist or is a broken link. */
export function realPath(file: string): string | null {
  try {
    return realpathSync(file);
  } catch {
    return null;
  }
}

export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

export function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Returns true if `inner` is `outer` or lies below it. Both must be absolute real paths. */
export function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}

const SHEBANG_BYTES = 256;

/** Returns the text after `#!` in the first line of a script; null if there is no `#!` or the file cannot be opened. */
export function shebangOf(file: string): string | null {
  const buffer = Buffer.alloc(SHEBANG_BYTES);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const length = readSync(descriptor, buffer, 0, SHEBANG_BYTES, 0);
    const start = buffer.toString('utf8', 0, length);
    if (!start.startsWith('#!')) return null;
    // Keep a carriage return. The kernel treats it as part of the name, so that interpreter does not exist.
    return (start.slice(2).split('\n', 1)[0] ?? '').replace(/^[ \t]+|[ \t]+$/g, '');
  } finally {
    closeSync(descriptor);
  }
}
