import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { ListedProcess } from '../process-runtime';

/** As much of the end of the daemon's log is read. */
const TAIL_BYTES = 1_048_576;

/** Begins anew with each daemon, and numbers its entries anew. */
const NEW_DAEMON = '--- New PM2 Daemon started ---';

/**
 * Whether the latest end of an entry was ordered (`pm2 stop`, or the first half of `pm2 restart`), as the daemon's own log
 * tells it: it says `Stopping app` before it signals, and nothing before a crash.
 *
 * @param log the end of `pm2.log`; what it does not reach back to counts as not ordered
 */
export function wasEndOrdered(log: string, name: string, pmId: number): boolean {
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
 * The same list, with what the daemon's log tells of the entries that have ended. An entry that was stopped is `errored` where
 * PM2 waited in vain for something of its tree to go, be it only a zombie that nobody has reaped yet.
 */
export function withOrderedEnds<T extends ListedProcess>(listed: readonly T[], pm2Home: string): T[] {
  const hasEnded = ({ state }: ListedProcess) => state === 'stopped' || state === 'errored';
  if (!listed.some(hasEnded)) return [...listed];
  const log = tailOf(path.join(pm2Home, 'pm2.log'));
  return listed.map((entry) => ({
    ...entry,
    wasEndOrdered: hasEnded(entry) && wasEndOrdered(log, entry.agentId, entry.pmId),
  }));
}

/** Empty where there is no log that can be read: then nothing is known. */
function tailOf(file: string): string {
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
