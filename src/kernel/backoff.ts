import type { Random } from './ids';

const JITTER_LOW = 0.75;
const JITTER_WIDTH = 0.5;
/** Larger powers of two change nothing: every limit is reached long before. */
const MAX_EXPONENT = 52;

/**
 * Exponential back-off with jitter: base x 2^(n-1), times a random factor in [0.75, 1.25), at most `maxMs`, milliseconds.
 * The jitter keeps those that failed together from coming back together (M. Brooker, "Exponential Backoff And Jitter",
 * 2015).
 *
 * @param n 1 for the first delay
 */
export function exponentialDelay(n: number, limits: { baseMs: number; maxMs: number }, random: Random): number {
  const exponential = limits.baseMs * 2 ** Math.min(n - 1, MAX_EXPONENT);
  return Math.min(limits.maxMs, Math.round(exponential * (JITTER_LOW + JITTER_WIDTH * random())));
}
