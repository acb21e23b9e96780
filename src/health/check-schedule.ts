import type { Random } from '../kernel';

/** A fresh process is asked soon and often, so that its first good check is seen when it comes. */
const FIRST_PAUSE_MS = 250;
const JITTER_WIDTH = 0.2;

/**
 * When an agent is to be checked next, after a check that began at `now`.
 *
 * @param tries checks of this process so far, none of them good; null: one was good
 */
export function nextCheckAt(now: number, intervalMs: number, tries: number | null, random: Random): number {
  const pause = tries === null ? intervalMs : Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** Math.min(tries, 20));
  return now + pause * (1 - JITTER_WIDTH / 2 + JITTER_WIDTH * random());
}

/** The first check of an agent that was well when we began: anywhere in the interval, so that they never come in one burst. */
export function firstCheckAt(now: number, intervalMs: number, random: Random): number {
  return now + intervalMs * random();
}
