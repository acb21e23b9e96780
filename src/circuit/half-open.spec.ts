import {
  HALF_OPEN,
  HOUR,
  MINUTE,
  OPEN,
  T0,
  after,
  failure,
  failures,
  policy,
  trial,
} from '../../test/support/circuit-histories';
import { CLOSED_CIRCUIT } from './transitions';

describe('a half-open circuit', () => {
  it('that fails is open twice as long if healing made the trial', () => {
    expect(after([[failure, 2]], HALF_OPEN)).toMatchObject({
      state: 'OPEN',
      failureCount: 6,
      cooldownMs: 2 * MINUTE,
      dueAt: T0 + 4 * MINUTE,
      trippedAt: T0,
      trialBy: null,
    });
  });

  it('that fails is open for the same time if the operator made it', () => {
    const half = after([[trial('operator'), 1]], OPEN);
    expect(after([[failure, 2]], half)).toMatchObject({ state: 'OPEN', cooldownMs: MINUTE, dueAt: T0 + 3 * MINUTE });
  });

  it('doubles its cool-down with each failed trial, up to an hour', () => {
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

  it('keeps a cool-down of the policy that is longer than an hour', () => {
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

  it('without a known cool-down takes the cool-down of the policy', () => {
    expect(after([[failure, 2]], { ...HALF_OPEN, cooldownMs: 0 }).cooldownMs).toBe(2 * MINUTE);
  });

  it('has no trial after a failure that rules one out', () => {
    const event = { type: 'failure', restartable: false, trial: false } as const;
    expect(after([[event, 2]], HALF_OPEN)).toMatchObject({ state: 'OPEN', dueAt: null });
  });

  it('lets the operator take over the trial of healing, but not the reverse', () => {
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

  it('is open and due if a stop ended its trial', () => {
    const ended = after([[{ type: 'trial-ended', retry: 'now' }, 2]], HALF_OPEN);
    expect(ended).toEqual({ ...OPEN, dueAt: T0 + 2 * MINUTE });
  });

  it('is open for the same time if its trial ended without a result', () => {
    const ended = after([[{ type: 'trial-ended', retry: 'cooldown' }, 2]], HALF_OPEN);
    expect(ended).toEqual({ ...OPEN, dueAt: T0 + 3 * MINUTE });
  });

  it.each(['now', 'cooldown'] as const)(
    'has no due time after a trial of the operator that ends with retry %s, if it had none before',
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
