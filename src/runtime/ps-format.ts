import type { ProcessFacts } from './process-inspector';

/** The columns of ps that `parseProcess` reads, in their order. */
export const PROCESS_COLUMNS = ['pid', 'ppid', 'pgid', 'stat', 'lstart'] as const;

const PROCESS =
  /^ *(\d+) +(\d+) +(\d+) +(\S+) +[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) *$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const COMMAND = /^ *(\d+) (.*)$/;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * Reads one line of `PROCESS_COLUMNS`, as ps prints it in the C locale and in UTC. The start time is in seconds since the
 * epoch: ps tells it no finer.
 *
 * @returns `zombie` for what is dead, only not reaped yet; null for what is no such line
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
 * ps of macOS shows no id of the session (its `sess` is an address, and hidden), but marks who leads one. Of the others
 * the process group stands for it: what was started without a terminal forms no groups of its own, and as with sessions
 * no pid is given away that is still the id of a group. 0: it leads a group, but in which session cannot be told.
 */
function sessionOf(pid: number, groupId: number, leadsSession: boolean): number {
  if (leadsSession) return pid;
  return groupId === pid ? 0 : groupId;
}

/**
 * Reads lines of pid and command, environment included: by pid. ps writes a line break within either as something else,
 * so that each process has one line.
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
 * The variables in a command with its environment. ps puts spaces between arguments, between variables, and prints those
 * within them as they are: what looks like an assignment begins a variable, and the last of a name wins, since the
 * environment comes after the arguments.
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
 * Everything in a command with its environment that may be the value of a variable, if that holds no space: an argument
 * or another variable's text may look like it, and nothing here can tell them apart.
 */
export function valuesIn(command: string, name: string): string[] {
  const prefix = `${name}=`;
  return command.split(' ').flatMap((word) => (word.startsWith(prefix) ? [word.slice(prefix.length)] : []));
}
