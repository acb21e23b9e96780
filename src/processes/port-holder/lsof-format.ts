/** Process as `lsof -Fpc` lists it. */
export interface LsofProcess {
  readonly pid: number;
  /** Name of the command, without arguments. Empty if lsof does not print it. */
  readonly name: string;
}

/**
 * Parses the first process in the output of `lsof -Fpc`. Each line is one field, and its first character is the name of
 * the field: `p` pid, `c` command, `f` file descriptor. lsof escapes control characters in a command.
 */
export function parseLsof(output: string): LsofProcess | null {
  let pid: number | null = null;
  for (const line of output.split('\n')) {
    if (pid === null) pid = parsePid(line);
    else if (line.startsWith('c')) return { pid, name: line.slice(1).replaceAll('\\x20', ' ') };
    else if (line.startsWith('p')) break;
  }
  return pid === null ? null : { pid, name: '' };
}

function parsePid(line: string): number | null {
  const digits = /^p(\d{1,10})$/.exec(line)?.[1];
  return digits === undefined || Number(digits) === 0 ? null : Number(digits);
}
