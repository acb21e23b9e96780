import type { CircuitState } from '../kernel';

const HOUR_MS = 3_600_000;
/** A trial of ours that fails doubles the cool-down, up to this. */
const MAX_COOLDOWN_MS = HOUR_MS;

/** Everything that is known of one agent's circuit. Times are `Clock.now()`, milliseconds. */
export interface Circuit {
  readonly state: CircuitState;
  /** Failures in a row, without a stable run between them. */
  readonly failureCount: number;
  /** Times of the failures of the last hour, oldest first. */
  readonly recentFailures: readonly number[];
  readonly lastFailureAt: number | null;
  readonly trippedAt: number | null;
  /** OPEN: when the one trial may begin; null: no trial until a person resets it. */
  readonly dueAt: number | null;
  /** Length of the last cool-down, for doubling; 0 while none ran. */
  readonly cooldownMs: number;
  /** Who began the trial of HALF_OPEN: a person's that fails is not doubled. */
  readonly trialBy: 'healing' | 'operator' | null;
}

export interface CircuitPolicy {
  readonly failureThreshold: number;
  readonly failuresPerHour: number;
  readonly cooldownMs: number;
}

export type CircuitEvent =
  /** `restartable` false: no restart can cure it, so it opens at once. `trial` false: and no trial is worth making. */
  | { readonly type: 'failure'; readonly restartable: boolean; readonly trial: boolean }
  /** Healing saw it stable, or its owner says so. */
  | { readonly type: 'success' }
  | { readonly type: 'trial'; readonly by: 'healing' | 'operator' }
  /** The trial was broken off by a stop (`now`: open and due, as if it had not begun), or a person's came to nothing. */
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
 * The next state of a circuit after an event: pure and total.
 *
 * Trips at `failureThreshold` failures in a row or `failuresPerHour` within a rolling hour, so that a loop too slow for
 * the first limit meets the second. After M. Nygard, "Release It!", chapter "Circuit Breaker".
 */
export function nextCircuit(circuit: Circuit, event: CircuitEvent, policy: CircuitPolicy, now: number): Circuit {
  switch (event.type) {
    case 'failure':
      return failed(circuit, event, policy, now);
    case 'success':
    case 'reset':
      return {
        ...CLOSED_CIRCUIT,
        lastFailureAt: circuit.lastFailureAt,
        // A stable minute ends a row of failures; only a person wipes the hour, else a slow loop would escape it.
        recentFailures: event.type === 'reset' ? [] : withinHour(circuit.recentFailures, now),
      };
    case 'trial':
      // A person may take a trial of healing's over, not the reverse.
      if (circuit.state === 'OPEN' || (circuit.state === 'HALF_OPEN' && event.by === 'operator'))
        return { ...circuit, state: 'HALF_OPEN', trialBy: event.by };
      return circuit;
    case 'trial-ended':
      if (circuit.state !== 'HALF_OPEN') return circuit;
      return {
        ...circuit,
        state: 'OPEN',
        // Where no trial of healing's is worth making, a person's that was broken off changes nothing about it.
        dueAt: circuit.dueAt === null ? null : event.retry === 'now' ? now : now + circuit.cooldownMs,
        trialBy: null,
      };
  }
}

function failed(
  circuit: Circuit,
  event: Extract<CircuitEvent, { type: 'failure' }>,
  policy: CircuitPolicy,
  now: number,
): Circuit {
  const counted: Circuit = {
    ...circuit,
    failureCount: circuit.failureCount + 1,
    recentFailures: [...withinHour(circuit.recentFailures, now), now].slice(-policy.failuresPerHour),
    lastFailureAt: now,
  };
  const opened = (cooldownMs: number): Circuit => ({
    ...counted,
    state: 'OPEN',
    trippedAt: circuit.trippedAt ?? now,
    dueAt: event.trial ? now + cooldownMs : null,
    cooldownMs,
    trialBy: null,
  });
  switch (circuit.state) {
    case 'HALF_OPEN': {
      const last = circuit.cooldownMs === 0 ? policy.cooldownMs : circuit.cooldownMs;
      return opened(circuit.trialBy === 'operator' ? last : Math.max(last, Math.min(MAX_COOLDOWN_MS, last * 2)));
    }
    case 'OPEN':
      // Something failed although nothing should run: counted, but the due time of the trial stays.
      return event.trial ? counted : { ...counted, dueAt: null };
    case 'CLOSED': {
      const tripped =
        !event.restartable ||
        counted.failureCount >= policy.failureThreshold ||
        counted.recentFailures.length >= policy.failuresPerHour;
      return tripped ? opened(policy.cooldownMs) : counted;
    }
  }
}

function withinHour(times: readonly number[], now: number): readonly number[] {
  return times.filter((time) => time > now - HOUR_MS);
}

/**
 * A circuit as it was saved, made usable at `now`: a saved due time may lie anywhere after the clock was set, so it is
 * clamped to [now, now + the full cool-down]. A half-done trial is kept: what became of its process decides.
 */
export function revivedCircuit(saved: Circuit, now: number): Circuit {
  const clamp = (time: number | null) => (time === null ? null : Math.min(Math.max(time, now), now + saved.cooldownMs));
  return {
    ...saved,
    dueAt: clamp(saved.dueAt),
    recentFailures: saved.recentFailures.map((time) => Math.min(time, now)),
    lastFailureAt: saved.lastFailureAt === null ? null : Math.min(saved.lastFailureAt, now),
    trippedAt: saved.trippedAt === null ? null : Math.min(saved.trippedAt, now),
  };
}
