import type { CheckResult } from './check-result';

/** Checks that the score and the verdict look at. */
const CHECKS_KEPT = 20;
/** How far back availability looks. */
export const AVAILABILITY_MS = 10 * 60_000;

/** `up` and `down` while it should run; `off` while it should not. */
export type Presence = 'up' | 'down' | 'off';

/** What is remembered of one agent. Values of it never change; times are `Clock.now()`. */
export interface HealthHistory {
  /** Which process the checks are of; null: an agent that we do not launch, or none yet. */
  readonly incarnation: string | null;
  /** Those that count, of this process alone, oldest first. */
  readonly checks: readonly CheckResult[];
  /** Failed ones in a row, up to now. */
  readonly streak: number;
  /** A good one was among them. */
  readonly wasGood: boolean;
  /** Changes of presence, oldest first; over all processes. */
  readonly presence: readonly { readonly at: number; readonly is: Presence }[];
}

export const NO_HISTORY: HealthHistory = { incarnation: null, checks: [], streak: 0, wasGood: false, presence: [] };

/** A new process is judged by its own checks alone. */
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

/** After a time in which nothing ran: failures from before it are no streak. */
export function withoutStreak(history: HealthHistory): HealthHistory {
  return { ...history, streak: 0, checks: history.checks.filter(({ ok }) => ok) };
}

export function withPresence(history: HealthHistory, is: Presence, now: number): HealthHistory {
  if (history.presence.at(-1)?.is === is) return history;
  const begin = now - AVAILABILITY_MS;
  // The last change before the window says how it began.
  const firstWithin = history.presence.findIndex(({ at }) => at > begin);
  const kept = firstWithin < 0 ? history.presence.slice(-1) : history.presence.slice(Math.max(0, firstWithin - 1));
  return { ...history, presence: [...kept, { at: now, is }] };
}

/** Share of the last ten minutes in which it was up while it should be, 0 to 1; 1 where it should not be at all. */
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
