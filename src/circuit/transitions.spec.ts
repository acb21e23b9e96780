import fc from 'fast-check';
import {
  CLOSED_CIRCUIT,
  nextCircuit,
  revivedCircuit,
  type Circuit,
  type CircuitEvent,
  type CircuitPolicy,
} from './transitions';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 0, 1);

const policy: CircuitPolicy = { failureThreshold: 5, failuresPerHour: 20, cooldownMs: MINUTE };
const failure: CircuitEvent = { type: 'failure', restartable: true, trial: true };
const trial = (by: 'healing' | 'operator'): CircuitEvent => ({ type: 'trial', by });

/** Events at minutes after the beginning. */
function after(events: readonly (readonly [CircuitEvent, number])[], from = CLOSED_CIRCUIT, rules = policy): Circuit {
  return events.reduce((circuit, [event, minutes]) => nextCircuit(circuit, event, rules, T0 + minutes * MINUTE), from);
}

const failures = (count: number, minutes = 0) => Array.from({ length: count }, () => [failure, minutes] as const);
const OPEN = after(failures(5));
const HALF_OPEN = after([[trial('healing'), 1]], OPEN);

describe('a closed circuit', () => {
  it('counts failures, and remembers the last', () => {
    expect(
      after([
        [failure, 0],
        [failure, 2],
      ]),
    ).toEqual({
      ...CLOSED_CIRCUIT,
      failureCount: 2,
      recentFailures: [T0, T0 + 2 * MINUTE],
      lastFailureAt: T0 + 2 * MINUTE,
    });
  });

  it('opens at the fifth in a row, not at the fourth, for the length of the cool-down', () => {
    expect(after(failures(4)).state).toBe('CLOSED');
    expect(OPEN).toMatchObject({
      state: 'OPEN',
      failureCount: 5,
      trippedAt: T0,
      dueAt: T0 + MINUTE,
      cooldownMs: MINUTE,
      trialBy: null,
    });
  });

  it('opens at the twentieth within an hour, however many successes lie between them', () => {
    const slow = (count: number) =>
      Array.from({ length: count }, (_, index) => [
        [failure, index * 2] as const,
        [{ type: 'success' }, index * 2 + 1] as const,
      ]).flat();
    expect(after(slow(19)).state).toBe('CLOSED');
    expect(after([...slow(19), [failure, 58]]).state).toBe('OPEN');
  });

  it('does not count what is an hour old any more', () => {
    const early = [...failures(4), [{ type: 'success' } as const, 1] as const];
    const rules = { ...policy, failuresPerHour: 5 };
    expect(after([...early, [failure, 59.9]], CLOSED_CIRCUIT, rules).state).toBe('OPEN');
    expect(after([...early, [failure, 60]], CLOSED_CIRCUIT, rules).state).toBe('CLOSED');
  });

  it('opens at once for what no restart can cure, and with no trial where none is worth making', () => {
    expect(after([[{ type: 'failure', restartable: false, trial: true }, 0]])).toMatchObject({
      state: 'OPEN',
      failureCount: 1,
      dueAt: T0 + MINUTE,
    });
    expect(after([[{ type: 'failure', restartable: false, trial: false }, 0]])).toMatchObject({
      state: 'OPEN',
      dueAt: null,
    });
  });

  it.each([trial('healing'), trial('operator'), { type: 'trial-ended', retry: 'now' } as const])(
    'knows no trial: %j changes nothing',
    (event) => {
      expect(after([[event, 1]])).toEqual(CLOSED_CIRCUIT);
    },
  );
});

describe('an open circuit', () => {
  it('counts what fails all the same, and lets the trial stay due when it was', () => {
    expect(after([[failure, 0.5]], OPEN)).toEqual({
      ...OPEN,
      failureCount: 6,
      recentFailures: [...OPEN.recentFailures, T0 + MINUTE / 2],
      lastFailureAt: T0 + MINUTE / 2,
    });
  });

  it('has no trial any more after a failure that allows none', () => {
    const event = { type: 'failure', restartable: true, trial: false } as const;
    expect(after([[event, 0.5]], OPEN)).toMatchObject({ state: 'OPEN', dueAt: null });
  });

  it('becomes half-open by a trial, and remembers whose', () => {
    expect(after([[trial('operator'), 0.5]], OPEN)).toEqual({ ...OPEN, state: 'HALF_OPEN', trialBy: 'operator' });
  });
});

describe('a half-open circuit', () => {
  it('that fails is open twice as long where the trial was ours', () => {
    expect(after([[failure, 2]], HALF_OPEN)).toMatchObject({
      state: 'OPEN',
      failureCount: 6,
      cooldownMs: 2 * MINUTE,
      dueAt: T0 + 4 * MINUTE,
      trippedAt: T0,
      trialBy: null,
    });
  });

  it("that fails is open for the same time where it was a person's", () => {
    const half = after([[trial('operator'), 1]], OPEN);
    expect(after([[failure, 2]], half)).toMatchObject({ state: 'OPEN', cooldownMs: MINUTE, dueAt: T0 + 3 * MINUTE });
  });

  it('doubles from trial to trial, up to an hour', () => {
    let circuit = OPEN;
    const minutes: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      circuit = after(
        [
          [trial('healing'), 0],
          [failure, 0],
        ],
        circuit,
      );
      minutes.push(circuit.cooldownMs / MINUTE);
    }
    expect(minutes).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('does not shorten a cool-down that is longer than an hour by itself', () => {
    const rules = { ...policy, cooldownMs: 3 * HOUR };
    const open = after(failures(5), CLOSED_CIRCUIT, rules);
    expect(
      after(
        [
          [trial('healing'), 0],
          [failure, 0],
        ],
        open,
        rules,
      ).cooldownMs,
    ).toBe(3 * HOUR);
  });

  it('of which no cool-down is known takes that of the policy', () => {
    expect(after([[failure, 2]], { ...HALF_OPEN, cooldownMs: 0 }).cooldownMs).toBe(2 * MINUTE);
  });

  it('that fails with nothing worth trying has no trial', () => {
    const event = { type: 'failure', restartable: false, trial: false } as const;
    expect(after([[event, 2]], HALF_OPEN)).toMatchObject({ state: 'OPEN', dueAt: null });
  });

  it('knows no second trial; a person takes over the one of healing, and not the reverse', () => {
    expect(after([[trial('operator'), 2]], HALF_OPEN)).toEqual({ ...HALF_OPEN, trialBy: 'operator' });
    expect(
      after(
        [
          [trial('operator'), 2],
          [trial('healing'), 3],
        ],
        HALF_OPEN,
      ).trialBy,
    ).toBe('operator');
  });

  it('is open and due where its trial was broken off by a stop', () => {
    const ended = after([[{ type: 'trial-ended', retry: 'now' }, 2]], HALF_OPEN);
    expect(ended).toEqual({ ...OPEN, dueAt: T0 + 2 * MINUTE });
  });

  it('is open for the same time where its trial came to nothing', () => {
    const ended = after([[{ type: 'trial-ended', retry: 'cooldown' }, 2]], HALF_OPEN);
    expect(ended).toEqual({ ...OPEN, dueAt: T0 + 3 * MINUTE });
  });

  it.each(['now', 'cooldown'] as const)(
    'for which only a person may try stays so where the trial of a person ends by %s',
    (retry) => {
      const halted = after([[{ type: 'failure', restartable: false, trial: false }, 0]]);
      const ended = after(
        [
          [trial('operator'), 1],
          [{ type: 'trial-ended', retry }, 2],
        ],
        halted,
      );
      expect(ended).toMatchObject({ state: 'OPEN', dueAt: null });
    },
  );
});

describe('success and reset', () => {
  it.each([
    ['closed', after(failures(3))],
    ['open', OPEN],
    ['half-open', HALF_OPEN],
  ])('close a circuit that is %s, with count 0', (_state, circuit) => {
    for (const type of ['success', 'reset'] as const) {
      expect(after([[{ type }, 3]], circuit)).toMatchObject({
        state: 'CLOSED',
        failureCount: 0,
        trippedAt: null,
        dueAt: null,
        cooldownMs: 0,
        trialBy: null,
        lastFailureAt: T0,
      });
    }
  });

  it('differ in the hour: only a person wipes it', () => {
    expect(after([[{ type: 'success' }, 3]], OPEN).recentFailures).toHaveLength(5);
    expect(after([[{ type: 'success' }, 61]], OPEN).recentFailures).toEqual([]);
    expect(after([[{ type: 'reset' }, 3]], OPEN).recentFailures).toEqual([]);
  });
});

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
const anyPolicy = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 8 }),
  failuresPerHour: fc.integer({ min: 1, max: 12 }),
  cooldownMs: fc.integer({ min: 1, max: 24 * HOUR }),
});
/** Events with the time that passes before each. */
const anyHistory = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 20 * MINUTE })), { maxLength: 60 });

function walk(
  history: readonly (readonly [CircuitEvent, number])[],
  rules: CircuitPolicy,
  look: (before: Circuit, event: CircuitEvent, next: Circuit, now: number) => void,
): void {
  let now = T0;
  let circuit = CLOSED_CIRCUIT;
  for (const [event, passed] of history) {
    now += passed;
    const next = nextCircuit(circuit, event, rules, now);
    look(circuit, event, next, now);
    circuit = next;
  }
}

describe('whatever happens', () => {
  it('keeps every number within its range, and only what belongs to its state', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        walk(history, rules, (_before, event, circuit, now) => {
          expect(circuit.failureCount).toBeGreaterThanOrEqual(0);
          expect(circuit.recentFailures.length).toBeLessThanOrEqual(rules.failuresPerHour);
          if (event.type === 'failure')
            for (const time of circuit.recentFailures) expect(now - time).toBeLessThan(HOUR);
          expect([...circuit.recentFailures].sort((left, right) => left - right)).toEqual(circuit.recentFailures);
          expect(circuit.cooldownMs).toBeLessThanOrEqual(Math.max(HOUR, rules.cooldownMs));
          expect(circuit.trialBy !== null).toBe(circuit.state === 'HALF_OPEN');
          expect(circuit.trippedAt === null).toBe(circuit.state === 'CLOSED');
          if (circuit.state === 'CLOSED') expect([circuit.dueAt, circuit.cooldownMs]).toEqual([null, 0]);
          else expect(circuit.cooldownMs).toBeGreaterThanOrEqual(rules.cooldownMs);
        });
      }),
    );
  });

  it('opens exactly at one of the two limits, or for what no restart can cure', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        const times: number[] = [];
        let inARow = 0;
        walk(history, rules, (before, event, circuit, now) => {
          if (event.type === 'failure') {
            inARow += 1;
            times.push(now);
          } else if (event.type === 'success' || event.type === 'reset') inARow = 0;
          if (event.type === 'reset') times.length = 0;
          if (before.state !== 'CLOSED') return;
          const withinHour = times.filter((time) => time > now - HOUR).length;
          const isDue =
            event.type === 'failure' &&
            (!event.restartable || inARow >= rules.failureThreshold || withinHour >= rules.failuresPerHour);
          expect(circuit.state).toBe(isDue ? 'OPEN' : 'CLOSED');
        });
      }),
    );
  });

  it('lengthens a cool-down only for a trial of healing that failed, twofold at most', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, rules) => {
        walk(history, rules, (before, event, circuit) => {
          if (before.state === 'CLOSED' || circuit.state === 'CLOSED' || circuit.cooldownMs === before.cooldownMs)
            return;
          expect([event.type, before.state, before.trialBy]).toEqual(['failure', 'HALF_OPEN', 'healing']);
          expect(circuit.cooldownMs).toBe(Math.min(2 * before.cooldownMs, Math.max(HOUR, before.cooldownMs)));
        });
      }),
    );
  });

  it('lets no loop go on that fails twenty times an hour, whatever it calls a success', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 2.8 * MINUTE }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(gaps, (passed) => {
        let tripped = false;
        const history = passed.flatMap((gap) => [[failure, gap] as const, [{ type: 'success' as const }, 0] as const]);
        walk(history, policy, (_before, _event, circuit) => (tripped ||= circuit.state === 'OPEN'));
        expect(tripped).toBe(true);
      }),
    );
  });
});

describe('a circuit that was saved', () => {
  it('is what it was where the clock went on as it should', () => {
    expect(revivedCircuit(OPEN, T0 + MINUTE / 2)).toEqual(OPEN);
    expect(revivedCircuit(HALF_OPEN, T0 + MINUTE)).toEqual(HALF_OPEN);
    expect(revivedCircuit(CLOSED_CIRCUIT, T0)).toEqual(CLOSED_CIRCUIT);
  });

  it('is due by now or within its cool-down, and nothing of it lies ahead, however the clock jumped', () => {
    const jump = fc.integer({ min: -1000 * 24 * HOUR, max: 1000 * 24 * HOUR });
    fc.assert(
      fc.property(anyHistory, anyPolicy, jump, (history, rules, jumped) => {
        let saved = CLOSED_CIRCUIT;
        walk(history, rules, (_before, _event, circuit) => (saved = circuit));
        const now = T0 + jumped;
        const revived = revivedCircuit(saved, now);
        expect(revived).toMatchObject({ state: saved.state, failureCount: saved.failureCount, trialBy: saved.trialBy });
        expect(revived.dueAt === null).toBe(saved.dueAt === null);
        if (revived.dueAt !== null) {
          expect(revived.dueAt).toBeGreaterThanOrEqual(now);
          expect(revived.dueAt).toBeLessThanOrEqual(now + saved.cooldownMs);
        }
        for (const time of [...revived.recentFailures, revived.lastFailureAt ?? now, revived.trippedAt ?? now]) {
          expect(time).toBeLessThanOrEqual(now);
        }
      }),
    );
  });
});
