import type { ProcessFacts } from './process-inspector';

/** Columns of ps that `parseProcess` reads, in this order. */
export const PROCESS_COLUMNS = ['pid', 'ppid', 'pgid', 'stat', 'lstart'] as const;

const PROCESS =
  /^ *(\d+) +(\d+) +(\d+) +(\S+) +[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) *$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const COMMAND = /^ *(\d+) (.*)$/;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * Parses one line of `PROCESS_COLUMNS`, printed by ps in the C locale and in UTC. The start time is in whole seconds
 * since the epoch, because ps is no more precise.
 *
 * @returns `zombie` for a process that is dead but not reaped; null if the line is invalid
 */
export function parseProcess(line: string): ProcessFacts | 'zombie' | null {
  const fields = PROCESS.exec(line);
  if (fields === null) return null;
  const [pid, parentPid, groupId] = [Number(fields[1]), Number(fields[2]), Number(fields[3])];
  const state = fields[4] ?? '';
  const month = MONTHS.indexOf(fields[5] ?? '');
  const [day, hour, minute, second, year] = [6, 7, 8, 9, 10].map((index) => Number(fields[index]));
  if (month < 0 || year === undefined) return null;
  if (state.startsWith('Z')) return 'zombie';
  const startTime = Date.UTC(year, month, day, hour, minute, second) / 1000;
  return { pid, startTime, parentPid, sessionId: sessionOf(pid, groupId, state.includes('s')) };
}

/**
 * Derives a session ID. On macOS, ps hides the session ID (its `sess` is an address) but marks session leaders. For
 * other processes the process group stands in for it. Programs that are started without a terminal create no groups,
 * and the kernel does not reuse the ID of a group with members as a pid. Returns 0 for a group leader, because its
 * session is unknown.
 */
function sessionOf(pid: number, groupId: number, leadsSession: boolean): number {
  if (leadsSession) return pid;
  return groupId === pid ? 0 : groupId;
}

/**
 * Parses lines of pid and command, with the environment, into a map by pid. ps escapes line breaks, so each process has
 * one line.
 */
export function parseCommands(output: string): ReadonlyMap<number, string> {
  const commands = new Map<number, string>();
  for (const line of output.split('\n')) {
    const fields = COMMAND.exec(line);
    if (fields !== null) commands.set(Number(fields[1]), fields[2] ?? '');
  }
  return commands;
}

/**
 * Extracts the variables from a command with its environment. ps separates arguments and variables by spaces, and does
 * not escape spaces within them. A word that looks like an assignment starts a variable. The last occurrence of a name
 * wins, because the environment follows the arguments.
 */
export function variablesIn(command: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  let name: string | null = null;
  for (const word of command.split(' ')) {
    const assignment = ASSIGNMENT.exec(word);
    if (assignment !== null) {
      name = assignment[1] ?? '';
      variables.set(name, assignment[2] ?? '');
    } else if (name !== null) variables.set(name, `${variables.get(name) ?? ''} ${word}`);
  }
  return variables;
}

/**
 * Returns all candidates for the value of a variable, provided that the value has no spaces. Arguments or other
 * variables may contain lookalikes, which cannot be distinguished here.
 */
export function valuesIn(command: string, name: string): string[] {
  const prefix = `${name}=`;
  return command.split(' ').flatMap((word) => (word.startsWith(prefix) ? [word.slice(prefix.length)] : []));
}
