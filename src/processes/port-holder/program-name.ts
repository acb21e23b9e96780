import { plainLine } from '../../kernel';

const MAX_LENGTH = 120;
/** Linux cuts the name of a command to this length. */
const COMM_LENGTH = 15;

/** Programs whose first argument is a script, whatever its name looks like. */
const INTERPRETER =
  /^(?:python|pypy|node|nodejs|bun|deno|tsx|ts-node|ruby|perl|php|java|dotnet|sh|bash|dash|zsh|ksh)[\d.]*$/i;
/** Options that are followed by code: `python -c`, `node -e`, `sh -lc`. */
const CODE = /^(?:-[A-Za-z]{0,3}[ce]|-p|--eval|--print)$/;
/** Options that are followed by a value which may look like a script. */
const HAS_VALUE: ReadonlySet<string> = new Set([
  ...['-r', '--require', '--import', '--loader', '--experimental-loader', '--env-file', '-C'],
  ...['-W', '-X', '-cp', '-classpath', '--class-path'],
]);
/** Excludes what URLs, assignments and most tokens contain. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._+ -]{0,63}$/u;
const EXTENSION = /\.[A-Za-z][A-Za-z0-9]{0,3}$/;

/**
 * Returns the name of a program with the name of its script, as in `node server.js`. Arguments may be secrets. So at
 * most the first one is shown, without its folder, and only if it looks like a file.
 *
 * @param commandLine the program and its arguments; a single text is a process title or a command line as `ps` prints
 *   it, in which spaces separate the words
 * @param name the system's own name of the process, for a process without a command line; may be empty
 */
export function programOf(commandLine: readonly string[], name: string): string {
  const parts = commandLine.filter((part) => part.trim() !== '');
  if (parts.length === 0) return plainLine(name, MAX_LENGTH);
  const [program = '', ...args] = parts.length === 1 ? wordsOf(parts[0] ?? '', name) : parts;
  // A login shell begins with a hyphen, a title like `nginx: master process` continues after a colon.
  const shown = baseOf(program).replace(/^-|:$/g, '');
  const script = scriptOf(shown, args);
  return plainLine(script === null ? shown : `${shown} ${script}`, MAX_LENGTH) || plainLine(name, MAX_LENGTH);
}

/** Splits a title. A path with spaces cannot be distinguished from arguments, and is replaced by the name. */
function wordsOf(title: string, name: string): string[] {
  const words = title.split(' ').filter((word) => word !== '');
  const first = words[0] ?? '';
  const isCutPath = first.startsWith('/') && name !== '' && cut(baseOf(first)) !== cut(name);
  return words.length > 1 && isCutPath ? [name] : words;
}

function scriptOf(program: string, args: readonly string[]): string | null {
  const isInterpreter = INTERPRETER.test(program);
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '-m') return moduleOf(args[index + 1] ?? '');
    if (CODE.test(arg)) return null;
    if (!arg.startsWith('-')) {
      const base = baseOf(arg);
      // After an option, a word may be the value of that option.
      const isScript = isFile(arg) || (isInterpreter && index === 0);
      return isScript && NAME.test(base) ? base : null;
    }
    if (HAS_VALUE.has(arg)) index += 1;
  }
  return null;
}

function moduleOf(arg: string): string | null {
  return /^[A-Za-z_]\w{0,31}(?:\.\w{1,31}){0,3}$/.test(arg) ? arg : null;
}

function isFile(arg: string): boolean {
  if (/^\.{0,2}\//.test(arg)) return true;
  return EXTENSION.test(arg) && !arg.includes('://');
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function cut(name: string): string {
  return name.slice(0, COMM_LENGTH);
}
