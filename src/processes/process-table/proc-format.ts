import type { ProcessFacts, SocketsAt } from './process-inspector';

/** States in `/proc/PID/stat` of a process that is dead but not reaped. */
const DEAD_STATES = new Set(['Z', 'X', 'x']);

/**
 * Parses a line of `/proc/PID/stat` (see proc_pid_stat(5)). The second field is the name in parentheses, which may
 * contain spaces and parentheses. So the fields are counted from the last parenthesis.
 *
 * @returns null for a zombie, or if the line is invalid
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

/** Size of a process's environment, as the kernel reports it. */
export type EnvironSize =
  | number
  /** The process has no memory of its own: a kernel thread, or dead. */
  | 'none'
  /** The process is inside `execve`: its old environment is gone, and its new one is not there yet. */
  | 'changing';

/** Parses the size in bytes of `/proc/PID/environ` from a line of `/proc/PID/stat` (proc_pid_stat(5)). */
export function parseEnvironSize(line: string): EnvironSize {
  // Fields 23, 27, 50 and 51 of the manual: vsize, endcode, env_start, env_end. Inside `execve`, the kernel first sets
  // both addresses to the same value, and the end of the code last.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [memory, endOfCode, start, end] = [fields[20], fields[24], fields[47], fields[48]].map(Number);
  if (!((memory ?? 0) > 0)) return 'none';
  return start !== undefined && end !== undefined && end > 0 && endOfCode !== 0 ? end - start : 'changing';
}

/** Parses `/proc/PID/environ`. Entries are separated by NUL; an entry without `=` is ignored. */
export function parseEnviron(content: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of content.split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return variables;
}

const LINE = /^\w+: \w+ \w+ (\w+) \w+ \w+ +(\d+) (.+)$/;
/** `__SO_ACCEPTCON` in the flags of `/proc/net/unix`: a process listens on the socket. */
const LISTENS = 0x10000;

/** Inode of a connection that was not accepted yet. */
const NO_INODE = '0';

/**
 * Parses `/proc/net/unix` and returns the inodes of the sockets at a path (`Num RefCount Protocol Flags Type St Inode
 * Path`). A listener whose path was unlinked is still listed under it. The inode numbers do not show which listener is
 * newer, because each CPU counts its own.
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

/**
 * Parses the proportional set size in bytes from `/proc/PID/smaps_rollup` (proc_pid_smaps(5)); null if it is missing.
 */
export function parseProportional(content: string): number | null {
  const found = /^Pss:\s+(\d+) kB$/m.exec(content)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}

/** Parses the resident memory in bytes from `/proc/PID/status` (proc_pid_status(5)); null if it is missing. */
export function parseResident(content: string): number | null {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(content)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}
