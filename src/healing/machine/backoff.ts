import { exponentialDelay, type Random } from '../../kernel';

/** The cause lies outside and goes away by itself: it is given time. */
const WAIT_BASE_MS = 30_000;

/**
 * Delay before restart `n` of an incident, milliseconds: none before the first, then base x 2^(n-2), jittered, at most the
 * maximum ({@link exponentialDelay}).
 *
 * @param n 1 for the first restart of the incident
 */
export function backoffDelay(
  n: number,
  policy: { backoffBaseMs: number; backoffMaxMs: number },
  random: Random,
): number {
  if (n <= 1) return 0;
  return exponentialDelay(n - 1, { baseMs: policy.backoffBaseMs, maxMs: policy.backoffMaxMs }, random);
}

/** The same where nothing is wrong with the agent and it only has to wait: at least 30 s before the first restart too. */
export function waitDelay(n: number, policy: { backoffBaseMs: number; backoffMaxMs: number }, random: Random): number {
  const backoffBaseMs = Math.max(WAIT_BASE_MS, policy.backoffBaseMs);
  return backoffDelay(n + 1, { ...policy, backoffBaseMs }, random);
}
