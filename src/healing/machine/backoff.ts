import type { Random } from '../../kernel';

/** The cause lies outside and goes away by itself: it is given time. */
const WAIT_BASE_MS = 30_000;

const JITTER_LOW = 0.75;
const JITTER_WIDTH = 0.5;

/**
 * Delay before restart `n` of an incident, milliseconds: none before the first, then base x 2^(n-2), times a random
 * factor in [0.75, 1.25), at most `maxMs`. The jitter keeps agents that fell together from coming back together (M.
 * Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @param n 1 for the first restart of the incident
 */
export function backoffDelay(
  n: number,
  policy: { backoffBaseMs: number; backoffMaxMs: number },
  random: Random,
): number {
  if (n <= 1) return 0;
  const exponential = policy.backoffBaseMs * 2 ** Math.min(n - 2, 52);
  return Math.min(policy.backoffMaxMs, Math.round(exponential * (JITTER_LOW + JITTER_WIDTH * random())));
}

/** The same where nothing is wrong with the agent and it only has to wait: at least 30 s before the first restart too. */
export function waitDelay(n: number, policy: { backoffBaseMs: number; backoffMaxMs: number }, random: Random): number {
  const backoffBaseMs = Math.max(WAIT_BASE_MS, policy.backoffBaseMs);
  return backoffDelay(n + 1, { ...policy, backoffBaseMs }, random);
}
