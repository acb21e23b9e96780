import { realpathSync } from 'node:fs';
import path from 'node:path';

/** Finds paths below AGENTS_DIR. */
export interface Places {
  /**
   * Returns a path relative to AGENTS_DIR; null if the path, or what its links lead to, is outside. AGENTS_DIR itself is
   * `.`.
   */
  within(file: string): string | null;
  exists(file: string): boolean;
}

/** Reads the links of AGENTS_DIR and of each path, as the registry does. */
export function placesOf(agentsDir: string): Places {
  const realRoot = realPathOf(agentsDir);
  return {
    within: (file) => {
      const real = relativeIn(realRoot, realPathOf(file));
      if (real === null) return null;
      // A link inside AGENTS_DIR is kept, because it may lead to another version later.
      return relativeIn(agentsDir, file) ?? relativeIn(realRoot, file) ?? real;
    },
    exists: (file) => tryRealPath(file) !== null,
  };
}

function relativeIn(folder: string, file: string): string | null {
  const relative = path.relative(folder, file);
  if (relative === '') return '.';
  return relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative) ? null : relative;
}

/** Returns the real path of the longest existing part, with the rest appended as written. */
function realPathOf(file: string): string {
  const real = tryRealPath(file);
  const parent = path.dirname(file);
  return real ?? (parent === file ? file : path.join(realPathOf(parent), path.basename(file)));
}

function tryRealPath(file: string): string | null {
  try {
    return realpathSync(file);
  } catch {
    return null;
  }
}
