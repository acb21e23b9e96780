import {
  MINUTE,
  OPEN,
  HALF_OPEN,
  T0,
  after,
  failure,
  failures,
  policy,
  trial,
} from '../../test/support/circuit-histories';
import { CLOSED_CIRCUIT } from './transitions';

describe('a closed circuit', () => {
  it('counts failures, and keeps the time of the last one', () => {
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

  it('opens at the fifth consecutive failure for the length of the cool-down', () => {
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

  it('opens at the twentieth failure within an hour, despite successes in between', () => {
    const slow = (count: number) =>
      Array.from({ length: count }, (_, index) => [
        [failure, index * 2] as const,
        [{ type: 'success' }, index * 2 + 1] as const,
      ]).flat();
    expect(after(slow(19)).state).toBe('CLOSED');
    expect(after([...slow(19), [failure, 58]]).state).toBe('OPEN');
  });

  it('does not count a failure that is an hour old', () => {
    const early = [...failures(4), [{ type: 'success' } as const, 1] as const];
    const rules = { ...policy, failuresPerHour: 5 };
    expect(after([...early, [failure, 59.9]], CLOSED_CIRCUIT, rules).state).toBe('OPEN');
    expect(after([...early, [failure, 60]], CLOSED_CIRCUIT, rules).state).toBe('CLOSED');
  });

  it('opens at once if no restart can cure the cause, and without a trial if a trial is pointless', () => {
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
    'ignores %j',
    (event) => {
      expect(after([[event, 1]])).toEqual(CLOSED_CIRCUIT);
    },
  );
});

describe('an open circuit', () => {
  it('counts a failure, and keeps the due time of the trial', () => {
    expect(after([[failure, 0.5]], OPEN)).toEqual({
      ...OPEN,
      failureCount: 6,
      recentFailures: [...OPEN.recentFailures, T0 + MINUTE / 2],
      lastFailureAt: T0 + MINUTE / 2,
    });
  });

  it('has no trial after a failure that rules one out', () => {
    const event = { type: 'failure', restartable: true, trial: false } as const;
    expect(after([[event, 0.5]], OPEN)).toMatchObject({ state: 'OPEN', dueAt: null });
  });

  it('becomes half-open by a trial, and records who started it', () => {
    expect(after([[trial('operator'), 0.5]], OPEN)).toEqual({ ...OPEN, state: 'HALF_OPEN', trialBy: 'operator' });
  });
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

  it('differ in the failures of the last hour: only a reset clears them', () => {
    expect(after([[{ type: 'success' }, 3]], OPEN).recentFailures).toHaveLength(5);
    expect(after([[{ type: 'success' }, 61]], OPEN).recentFailures).toEqual([]);
    expect(after([[{ type: 'reset' }, 3]], OPEN).recentFailures).toEqual([]);
  });
});
