import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** True for a file (or a link to one) that we may execute. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The absolute path of a program on a PATH; null: it is not there. */
export function findOnPath(name: string, pathVariable: string | undefined): string | null {
  for (const folder of (pathVariable ?? '').split(path.delimiter)) {
    // A relative entry of PATH would be looked up in whatever folder we were started in.
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (isExecutable(file)) return file;
  }
  return null;
}

/** The real path of what exists; null: it does not, or a link in it leads nowhere. */
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

/** True when `inner` is `outer` or lies below it; both absolute and real. */
export function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}

const SHEBANG_BYTES = 256;

/** The interpreter line of a script, without `#!`; null: it is no script. */
export function shebangOf(file: string): string | null {
  const buffer = Buffer.alloc(SHEBANG_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    const length = readSync(descriptor, buffer, 0, SHEBANG_BYTES, 0);
    const start = buffer.toString('utf8', 0, length);
    if (!start.startsWith('#!')) return null;
    // A carriage return belongs to the name, as the system reads it, and makes it one that is not there.
    return (start.slice(2).split('\n', 1)[0] ?? '').replace(/^[ \t]+|[ \t]+$/g, '');
  } finally {
    closeSync(descriptor);
  }
}
