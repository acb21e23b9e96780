import type { Random } from '../kernel';
import type { HealthPolicy } from './health-policy';

/**
 * Pause before the first check of a fresh process. It is short, and doubles with each try, so that the first good check
 * is seen early.
 */
const FIRST_PAUSE_MS = 250;
const JITTER_WIDTH = 0.2;
/** Minimum span over which the first checks of processes that were already up are spread. */
const FIRST_WITHIN_MS = 2_000;

/**
 * Returns when to check an agent next, after a check that started at `now`.
 *
 * @param tries number of checks of this process so far, none of them good; null if one was good
 */
export function nextCheckAt(now: number, intervalMs: number, tries: number | null, random: Random): number {
  const pause = tries === null ? intervalMs : Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** Math.min(tries, 20));
  return now + pause * (1 - JITTER_WIDTH / 2 + JITTER_WIDTH * random());
}

/**
 * Returns the time of the first check of a process that was already up. The times are spread to avoid a burst of checks,
 * over the interval but at most over half of the grace period.
 */
export function firstCheckAt(
  now: number,
  { intervalMs, graceMs }: Pick<HealthPolicy, 'intervalMs' | 'graceMs'>,
  random: Random,
): number {
  return now + Math.min(intervalMs, Math.max(FIRST_WITHIN_MS, graceMs / 2)) * random();
}
