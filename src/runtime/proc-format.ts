import type { ProcessFacts } from './process-inspector';

/** States in `/proc/PID/stat` that mean: dead, only not reaped yet. */
const DEAD_STATES = new Set(['Z', 'X', 'x']);

/**
 * Reads a line of `/proc/PID/stat` (see proc_pid_stat(5)). The second field is the name in parentheses and may itself
 * hold spaces and parentheses, so the fields are counted from the last one.
 *
 * @returns null for a zombie, and for what is no such line
 */
export function parseStat(line: string): ProcessFacts | null {
  const nameEnd = line.lastIndexOf(')');
  const pid = Number.parseInt(line, 10);
  if (nameEnd < 0 || !Number.isInteger(pid)) return null;
  // Fields 3, 4, 6 and 22 of the manual: state, ppid, session, starttime.
  const fields = line.slice(nameEnd + 2).split(' ');
  const state = fields[0];
  const parentPid = Number(fields[1]);
  const sessionId = Number(fields[3]);
  const startTime = Number(fields[19]);
  if (state === undefined || DEAD_STATES.has(state)) return null;
  if (![parentPid, sessionId, startTime].every(Number.isInteger)) return null;
  return { pid, startTime, parentPid, sessionId };
}

/** Reads `/proc/PID/environ`: NUL-separated; what has no `=` is no variable. */
export function parseEnviron(content: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of content.split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return variables;
}
