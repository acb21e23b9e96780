import fc from 'fast-check';
import {
  CLOSED_CIRCUIT,
  nextCircuit,
  type Circuit,
  type CircuitEvent,
  type CircuitPolicy,
} from '../../src/circuit/transitions';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** Time of the first event of each history. */
export const T0 = Date.UTC(2026, 0, 1);

export const policy: CircuitPolicy = { failureThreshold: 5, failuresPerHour: 20, cooldownMs: MINUTE };

export const failure: CircuitEvent = { type: 'failure', restartable: true, trial: true };

export const trial = (by: 'healing' | 'operator'): CircuitEvent => ({ type: 'trial', by });

/** Returns a moment at which both clocks show the same time. */
const momentOf = (now: number) => ({ now, wall: now });

/** Applies events at the given minutes after the start. */
export function after(
  events: readonly (readonly [CircuitEvent, number])[],
  from = CLOSED_CIRCUIT,
  rules = policy,
): Circuit {
  return events.reduce(
    (circuit, [event, minutes]) => nextCircuit(circuit, event, rules, momentOf(T0 + minutes * MINUTE)),
    from,
  );
}

export const failures = (count: number, minutes = 0) =>
  Array.from({ length: count }, () => [failure, minutes] as const);

/** Circuit that opened at the start. */
export const OPEN = after(failures(5));

/** The open circuit a minute later, when healing began its trial. */
export const HALF_OPEN = after([[trial('healing'), 1]], OPEN);

const anyEvent: fc.Arbitrary<CircuitEvent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('failure' as const), restartable: fc.boolean(), trial: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.constant(failure) },
  fc.constant({ type: 'success' as const }),
  fc.record({ type: fc.constant('trial' as const), by: fc.constantFrom('healing' as const, 'operator' as const) }),
  fc.record({ type: fc.constant('trial-ended' as const), retry: fc.constantFrom('now' as const, 'cooldown' as const) }),
  fc.constant({ type: 'reset' as const }),
);

export const anyPolicy = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 8 }),
  failuresPerHour: fc.integer({ min: 1, max: 12 }),
  cooldownMs: fc.integer({ min: 1, max: 24 * HOUR }),
});

/** Events, each with the time that passes before it. */
export const anyHistory = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 20 * MINUTE })), { maxLength: 60 });

/** Applies a history to a closed circuit, and shows `look` every step. */
export function walk(
  history: readonly (readonly [CircuitEvent, number])[],
  rules: CircuitPolicy,
  look: (before: Circuit, event: CircuitEvent, next: Circuit, now: number) => void,
): void {
  let now = T0;
  let circuit = CLOSED_CIRCUIT;
  for (const [event, passed] of history) {
    now += passed;
    const next = nextCircuit(circuit, event, rules, momentOf(now));
    look(circuit, event, next, now);
    circuit = next;
  }
}
