import * as fc from 'fast-check';
import { LIKELY_KEY, POLICY as HEALING } from '../../../test/support/machine-builders';
import { diagnosisOf, FAILURE_CAUSES, type Certainty, type FailureCause } from '../../kernel';
import { adviseOnRestart, backoffDelay, countFailure } from './failure-policy';

const POLICY = { backoffBaseMs: 1_000, backoffMaxMs: 300_000 };
const half = () => 0.5;

const policies = fc
  .tuple(fc.integer({ min: 1, max: 86_400_000 }), fc.integer({ min: 1, max: 86_400_000 }))
  .map(([one, other]) => ({ backoffBaseMs: Math.min(one, other), backoffMaxMs: Math.max(one, other) }));
const restarts = fc.integer({ min: 1, max: 5_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the delay before a restart', () => {
  it.each([
    [1, 0],
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
    [5, 8_000],
    [10, 256_000],
    [11, 300_000],
    [1_000_000, 300_000],
  ])('before restart %d of an incident is %d ms without jitter', (restart, delayMs) => {
    expect(backoffDelay(restart, POLICY, half)).toBe(delayMs);
  });

  it.each([
    [0, 750],
    [0.25, 875],
    [0.999_999, 1_250],
  ])('is jittered: the random number %d gives %d ms', (drawn, delayMs) => {
    expect(backoffDelay(2, POLICY, () => drawn)).toBe(delayMs);
  });

  it('is 0 before the first restart, whatever the policy', () => {
    fc.assert(
      fc.property(policies, chance, (policy, drawn) => {
        expect(backoffDelay(1, policy, () => drawn)).toBe(0);
      }),
    );
  });

  it('lies within a quarter of base x 2^(n-2), up to the maximum', () => {
    fc.assert(
      fc.property(
        policies,
        restarts.filter((restart) => restart > 1),
        chance,
        (policy, restart, drawn) => {
          const delayMs = backoffDelay(restart, policy, () => drawn);
          const exact = policy.backoffBaseMs * 2 ** (restart - 2);
          expect(delayMs).toBeLessThanOrEqual(Math.min(policy.backoffMaxMs, Math.round(exact * 1.25)));
          expect(delayMs).toBeGreaterThanOrEqual(Math.min(policy.backoffMaxMs, Math.round(exact * 0.75)));
          expect(Number.isInteger(delayMs)).toBe(true);
        },
      ),
    );
  });

  it('never falls from one restart to the next with the same random number', () => {
    fc.assert(
      fc.property(policies, restarts, chance, (policy, restart, drawn) => {
        const draw = () => drawn;
        expect(backoffDelay(restart + 1, policy, draw)).toBeGreaterThanOrEqual(backoffDelay(restart, policy, draw));
      }),
    );
  });

  it('grows on average until it reaches the maximum', () => {
    const drawn = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);
    const expected = (restart: number) =>
      drawn.reduce((sum, each) => sum + backoffDelay(restart, POLICY, () => each), 0) / drawn.length;
    const means = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(expected);
    for (let index = 1; index < means.length; index += 1) expect(means[index]).toBeGreaterThan(means[index - 1]!);
    expect(expected(12)).toBe(POLICY.backoffMaxMs);
  });
});

describe('a failure by a cause that no restart can cure', () => {
  it.each<readonly [Certainty, FailureCause | null, boolean]>([
    ['certain', null, false],
    ['certain', 'credentials', false],
    ['certain', 'configuration', false],
    ['likely', null, true],
    ['likely', 'configuration', true],
    ['likely', 'unknown', true],
    ['likely', 'credentials', false],
  ])('that is %s, after a run that failed by %p, is restartable: %p', (certainty, previousCause, restartable) => {
    expect(countFailure({ ...LIKELY_KEY, certainty }, HEALING, previousCause)).toEqual({
      ...{ type: 'failure', restartable, trial: true },
    });
  });

  it('is never restartable if policy.restart is never', () => {
    const failure = { type: 'failure', restartable: false, trial: false };
    expect(countFailure(LIKELY_KEY, { ...HEALING, restart: 'never' }, null)).toEqual(failure);
  });
});

describe('a failure that a restart may cure', () => {
  it.each(FAILURE_CAUSES.map((cause) => diagnosisOf(cause, 'x')).filter(({ remedy }) => remedy !== 'person'))(
    'counts alike whatever its certainty and the previous run: $cause',
    (diagnosis) => {
      const counted = countFailure(diagnosis, HEALING, null);
      expect(counted?.type === 'failure' && counted.restartable).toBe(diagnosis.remedy === 'restart');
      expect(countFailure({ ...diagnosis, certainty: 'likely' }, HEALING, diagnosis.cause)).toEqual(counted);
      expect(adviseOnRestart({ ...diagnosis, certainty: 'likely' }).advice).toBe(diagnosis.advice);
    },
  );
});
