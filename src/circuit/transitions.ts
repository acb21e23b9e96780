import type { CircuitState } from '../kernel';

const HOUR_MS = 3_600_000;
/** Limit of the cool-down. Each failed trial of healing doubles it up to this. */
const MAX_COOLDOWN_MS = HOUR_MS;
/** The largest value of `CIRCUIT_COOLDOWN_SECONDS`. A saved cool-down above it is damaged. */
const LONGEST_SAVED_COOLDOWN_MS = 24 * HOUR_MS;

/** One moment on both clocks, in whole milliseconds. Decisions use `now`; times for display use `wall`. */
export interface Moment {
  readonly now: number;
  readonly wall: number;
}

/** Complete state of one agent's circuit. Times are `Clock.now()` in milliseconds unless noted. */
export interface Circuit {
  readonly state: CircuitState;
  /** Failures in a row, without a stable run between them. */
  readonly failureCount: number;
  /** Times of the failures of the last hour, oldest first. */
  readonly recentFailures: readonly number[];
  /** Wall clock, epoch milliseconds; for display only. */
  readonly lastFailureAt: number | null;
  /** Wall clock. */
  readonly trippedAt: number | null;
  /** Time in OPEN from which the trial may start; null: no trial until the operator resets or starts the agent. */
  readonly dueAt: number | null;
  /** Length of the last cool-down, for doubling; 0 before the first one. */
  readonly cooldownMs: number;
  /** Origin of the trial in HALF_OPEN. A failed trial of the operator does not double the cool-down. */
  readonly trialBy: 'healing' | 'operator' | null;
}

export interface CircuitPolicy {
  readonly failureThreshold: number;
  readonly failuresPerHour: number;
  readonly cooldownMs: number;
}

export type CircuitEvent =
  /**
   * `restartable` false: no restart can cure the cause, so the circuit opens at once. `trial` false: a trial is
   * pointless too.
   */
  | { readonly type: 'failure'; readonly restartable: boolean; readonly trial: boolean }
  /** A run became stable, or a caller requested `recordSuccess`. */
  | { readonly type: 'success' }
  | { readonly type: 'trial'; readonly by: 'healing' | 'operator' }
  /**
   * The trial ended without a result. `now`: a command or a clean exit ended it, so a new trial may start at once.
   * `cooldown`: the operator's start failed, or the cause lay outside the agent.
   */
  | { readonly type: 'trial-ended'; readonly retry: 'now' | 'cooldown' }
  | { readonly type: 'reset' };

export const CLOSED_CIRCUIT: Circuit = {
  state: 'CLOSED',
  failureCount: 0,
  recentFailures: [],
  lastFailureAt: null,
  trippedAt: null,
  dueAt: null,
  cooldownMs: 0,
  trialBy: null,
};

/**
 * Returns the next state of a circuit after an event. Pure and total.
 * Trips at `failureThreshold` failures in a row, or at `failuresPerHour` within a rolling hour. The second limit
 * catches a loop that is too slow for the first. After M. Nygard, "Release It!", chapter "Circuit Breaker".
 */
export function nextCircuit(circuit: Circuit, event: CircuitEvent, policy: CircuitPolicy, moment: Moment): Circuit {
  const { now } = moment;
  switch (event.type) {
    case 'failure':
      return countFailure(circuit, event, policy, moment);
    case 'success':
    case 'reset':
      return {
        ...CLOSED_CIRCUIT,
        lastFailureAt: circuit.lastFailureAt,
        // A stable run ends the series of failures. Only a reset clears the failures of the last hour; otherwise a slow
        // loop would never reach the hourly limit.
        recentFailures: event.type === 'reset' ? [] : withinHour(circuit.recentFailures, now),
      };
    case 'trial':
      // The operator may take over a trial of healing, but not the reverse.
      if (circuit.state === 'OPEN' || (circuit.state === 'HALF_OPEN' && event.by === 'operator'))
        return { ...circuit, state: 'HALF_OPEN', trialBy: event.by };
      return circuit;
    case 'trial-ended':
      if (circuit.state !== 'HALF_OPEN') return circuit;
      return {
        ...circuit,
        state: 'OPEN',
        // If healing must not make a trial, an interrupted trial of the operator does not change that.
        dueAt: circuit.dueAt === null ? null : event.retry === 'now' ? now : now + circuit.cooldownMs,
        trialBy: null,
      };
  }
}

function countFailure(
  circuit: Circuit,
  event: Extract<CircuitEvent, { type: 'failure' }>,
  policy: CircuitPolicy,
  { now, wall }: Moment,
): Circuit {
  const counted: Circuit = {
    ...circuit,
    failureCount: circuit.failureCount + 1,
    recentFailures: [...withinHour(circuit.recentFailures, now), now].slice(-policy.failuresPerHour),
    lastFailureAt: wall,
  };
  const open = (cooldownMs: number): Circuit => ({
    ...counted,
    state: 'OPEN',
    trippedAt: circuit.trippedAt ?? wall,
    dueAt: event.trial ? now + cooldownMs : null,
    cooldownMs,
    trialBy: null,
  });
  switch (circuit.state) {
    case 'HALF_OPEN': {
      const last = circuit.cooldownMs === 0 ? policy.cooldownMs : circuit.cooldownMs;
      return open(circuit.trialBy === 'operator' ? last : Math.max(last, Math.min(MAX_COOLDOWN_MS, last * 2)));
    }
    case 'OPEN':
      // A process failed although none should run. It is counted, but the due time of the trial stays.
      return event.trial ? counted : { ...counted, dueAt: null };
    case 'CLOSED': {
      const shouldTrip =
        !event.restartable ||
        counted.failureCount >= policy.failureThreshold ||
        counted.recentFailures.length >= policy.failuresPerHour;
      return shouldTrip ? open(policy.cooldownMs) : counted;
    }
  }
}

function withinHour(times: readonly number[], now: number): readonly number[] {
  return times.filter((time) => time > now - HOUR_MS);
}

/**
 * Makes a saved circuit usable at `now`. If the wall clock was changed, a saved due time may be arbitrary, so it is
 * limited to [now, now + cool-down]. An unfinished trial is kept: the state of its process decides.
 */
export function rehydrateCircuit(saved: Circuit, now: number): Circuit {
  const cooldownMs = Math.min(saved.cooldownMs, LONGEST_SAVED_COOLDOWN_MS);
  const clamp = (time: number | null) => (time === null ? null : Math.min(Math.max(time, now), now + cooldownMs));
  return {
    ...saved,
    cooldownMs,
    dueAt: clamp(saved.dueAt),
    recentFailures: saved.recentFailures.map((time) => Math.min(time, now)),
  };
}
