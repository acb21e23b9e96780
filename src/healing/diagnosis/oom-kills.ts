import { readFileSync } from 'node:fs';

/** Processes that the kernel has ended for lack of memory since the machine's start (Linux); null: it does not say. */
export function readOomKills(): number | null {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}
