import type { Random } from './ports';

const JITTER_LOW = 0.75;
const JITTER_WIDTH = 0.5;
/** Limit that keeps `2 ** n` finite. Every maximum delay is reached long before. */
const MAX_EXPONENT = 52;

/**
 * Returns the exponential back-off with jitter: base x 2^(n-1), times a random factor in [0.75, 1.25), at most `maxMs`,
 * in milliseconds.
 * The jitter spreads out the retries of agents that failed at the same moment (M. Brooker, "Exponential Backoff And
 * Jitter", 2015).
 *
 * @param n 1 for the first delay
 */
export function exponentialDelay(n: number, limits: { baseMs: number; maxMs: number }, random: Random): number {
  const exponential = limits.baseMs * 2 ** Math.min(n - 1, MAX_EXPONENT);
  return Math.min(limits.maxMs, Math.round(exponential * (JITTER_LOW + JITTER_WIDTH * random())));
}

/**
 * Formats epoch milliseconds as an ISO 8601 time in UTC.
 *
 * @throws RangeError if `Date` cannot represent the time: it is NaN, or more than 8.64e15 ms from the epoch. Limit a
 * time from outside the process when it is read.
 */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
