import path from 'node:path';
import type { Places } from './place';

/** Interpreters that PM2 and agent-spawner derive alike from the extension of a script. */
const ALIKE: Readonly<Record<string, readonly string[]>> = {
  '.js': ['node'],
  '.py': ['python', 'python3'],
  '.rb': ['ruby'],
  '.ts': ['bun'],
};
/** Interpreters that only PM2 derives, where agent-spawner derives another. */
const BY_PM2_ONLY: Readonly<Record<string, string>> = { '.sh': 'bash', '.php': 'php', '.pl': 'perl' };

export type MappedInterpreter =
  | { readonly kind: 'mapped'; readonly interpreter: string | null; readonly note: string | null }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Maps the interpreter of a program; pure.
 *
 * @param given interpreter of PM2; null: PM2 derives it from the extension
 * @param file absolute path of the script
 * @param listed names of INTERPRETERS
 */
export function mapInterpreter(
  given: string | null,
  file: string,
  listed: readonly string[],
  places: Places,
): MappedInterpreter {
  const extension = path.extname(file).toLowerCase();
  const name = given ?? BY_PM2_ONLY[extension] ?? null;
  if (name === null || ALIKE[extension]?.includes(name) === true) return mapped(null);
  if (listed.includes(name)) return mapped(name);
  if (!path.isAbsolute(name)) {
    return refused(`PM2 runs it by ${name}, which is not in INTERPRETERS: add it there, and restart agent-spawner`);
  }
  const inside = places.within(name);
  if (inside !== null) return mapped(inside.includes('/') ? inside : `./${inside}`);
  const base = path.basename(name);
  if (!listed.includes(base)) {
    return refused(`PM2 runs it by ${name}, which is outside AGENTS_DIR, and ${base} is not in INTERPRETERS`);
  }
  return mapped(base, `it will be run by the ${base} on the PATH of agent-spawner, not by ${name}`);
}

function mapped(interpreter: string | null, note: string | null = null): MappedInterpreter {
  return { kind: 'mapped', interpreter, note };
}

function refused(why: string): MappedInterpreter {
  return { kind: 'refused', why };
}
