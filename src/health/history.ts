import type { CheckResult } from './check-result';

/** Number of checks that the score and the verdict consider. */
const CHECKS_KEPT = 20;
/** Time window of the availability signal. */
export const AVAILABILITY_MS = 10 * 60_000;

/** `up` or `down` while the agent should run; `off` while it should not, or during its first start. */
export type Presence = 'up' | 'down' | 'off';

/** Check and presence history of one agent. Values are immutable; times are `Clock.now()`. */
export interface HealthHistory {
  /** Process that the checks are about. Null for an external agent, or before the first process. */
  readonly incarnation: string | null;
  /** Counted checks of this process, oldest first. */
  readonly checks: readonly CheckResult[];
  /** Number of consecutive failed checks, up to now. */
  readonly streak: number;
  /** True if this process ever had a good check. */
  readonly wasGood: boolean;
  /** Changes of presence, oldest first, across all processes. */
  readonly presence: readonly { readonly at: number; readonly is: Presence }[];
}

export const NO_HISTORY: HealthHistory = { incarnation: null, checks: [], streak: 0, wasGood: false, presence: [] };

/** Clears the checks if the process changed: a new process is judged by its own checks only. */
export function withProcess(history: HealthHistory, incarnation: string | null): HealthHistory {
  if (history.incarnation === incarnation) return history;
  return { ...NO_HISTORY, incarnation, presence: history.presence };
}

export function withCheck(history: HealthHistory, check: CheckResult): HealthHistory {
  return {
    ...history,
    checks: [...history.checks, check].slice(-CHECKS_KEPT),
    streak: check.ok ? 0 : history.streak + 1,
    wasGood: history.wasGood || check.ok,
  };
}

/** Drops the failed checks. Used after a suspend: earlier failures form no streak. */
export function withoutStreak(history: HealthHistory): HealthHistory {
  return { ...history, streak: 0, checks: history.checks.filter(({ ok }) => ok) };
}

export function withPresence(history: HealthHistory, is: Presence, now: number): HealthHistory {
  if (history.presence.at(-1)?.is === is) return history;
  const begin = now - AVAILABILITY_MS;
  // Keep the last change before the window, because it defines the presence at the start of the window.
  const firstWithin = history.presence.findIndex(({ at }) => at > begin);
  const kept = firstWithin < 0 ? history.presence.slice(-1) : history.presence.slice(Math.max(0, firstWithin - 1));
  return { ...history, presence: [...kept, { at: now, is }] };
}

/**
 * Returns the share of the last ten minutes in which the agent was up while it should be, 0 to 1. Returns 1 if it
 * should not have run at all.
 */
export function availabilityOf({ presence }: HealthHistory, now: number): number {
  const begin = now - AVAILABILITY_MS;
  let up = 0;
  let wanted = 0;
  presence.forEach(({ at, is }, index) => {
    const length = Math.max(0, (presence[index + 1]?.at ?? now) - Math.max(at, begin));
    if (is === 'up') up += length;
    if (is !== 'off') wanted += length;
  });
  return wanted === 0 ? 1 : up / wanted;
}
