import type { ProcessFacts, SocketsAt } from './process-inspector';

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

const LINE = /^\w+: \w+ \w+ (\w+) \w+ \w+ +(\d+) (.+)$/;
/** `__SO_ACCEPTCON` in the flags of `/proc/net/unix`: somebody listens on it. */
const LISTENS = 0x10000;

/** Of a connection that nobody has accepted yet. */
const NO_INODE = '0';

/**
 * The inodes of the sockets of a path, out of `/proc/net/unix` (`Num RefCount Protocol Flags Type St Inode Path`). A
 * listener that was unlinked is still listed under its old path, and the numbers do not tell which one is newer: each
 * processor counts its own.
 */
export function parseUnixSockets(table: string, path: string): SocketsAt {
  const listening: string[] = [];
  const accepted: string[] = [];
  for (const line of table.split('\n')) {
    const [, flags = '', inode = '', listed] = LINE.exec(line) ?? [];
    if (listed !== path || inode === NO_INODE) continue;
    ((Number.parseInt(flags, 16) & LISTENS) === 0 ? accepted : listening).push(inode);
  }
  return { listening, accepted };
}

/** Reads the resident memory, bytes, from `/proc/PID/status` (proc_pid_status(5)); null: it does not say. */
export function parseResident(content: string): number | null {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(content)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}
