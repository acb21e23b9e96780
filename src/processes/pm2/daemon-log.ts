import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ListedProcess } from '../process-snapshot';
import { Pm2Home } from './pm2-home';

/** Number of bytes that are read from the end of the daemon's log. */
const TAIL_BYTES = 1_048_576;

/** Marks the start of a daemon, which numbers its entries from 0 again. */
const NEW_DAEMON = '--- New PM2 Daemon started ---';

/**
 * Returns true if the latest exit of an entry was ordered (`pm2 stop`, or the first half of `pm2 restart`). The daemon
 * logs `Stopping app` before it signals a process, and nothing before a crash.
 *
 * @param log end of `pm2.log`; an exit that it does not cover counts as not ordered
 */
export function wasExitOrdered(log: string, name: string, pmId: number): boolean {
  const up = `App [${name}:${pmId}] online`;
  const stopping = `Stopping app:${name} id:${pmId}`;
  const exited = `App [${name}:${pmId}] exited with code `;
  let last: 'up' | 'stopping' | 'ordered' | 'crashed' | null = null;
  for (const line of log.split('\n')) {
    if (line.includes(NEW_DAEMON)) last = null;
    else if (line.endsWith(up)) last = 'up';
    else if (line.endsWith(stopping)) last = last === 'up' ? 'stopping' : last;
    else if (line.includes(exited)) last = last === 'stopping' ? 'ordered' : last === 'ordered' ? last : 'crashed';
  }
  return last === 'ordered';
}

/**
 * Returns the list with `wasEndOrdered` set from the daemon's log. PM2 marks a stopped entry `errored` if it timed out
 * waiting for the process tree to exit, even if only an unreaped zombie was left.
 */
export function markOrderedExits<T extends ListedProcess>(listed: readonly T[], pm2Home: string): T[] {
  const hasExited = ({ state }: ListedProcess) => state === 'stopped' || state === 'errored';
  if (!listed.some(hasExited)) return [...listed];
  const log = readTail(new Pm2Home(pm2Home).daemonLog);
  return listed.map((entry) => ({
    ...entry,
    wasEndOrdered: hasExited(entry) && wasExitOrdered(log, entry.agentId, entry.entryId),
  }));
}

/** Reads the end of the log; empty if it cannot be read. */
function readTail(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const length = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(descriptor);
  }
}
