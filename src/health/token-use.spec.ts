import * as fc from 'fast-check';
import { NO_TOKENS, usedWithin, withCounter, withNewBudget, type TokenUse } from './token-use';

const HOUR = 3_600_000;
const told = (use: TokenUse, incarnation: string, value: number, now = 0) =>
  withCounter(use, { incarnation, value }, now, 24 * HOUR);
const used = (use: TokenUse, now = 0) => usedWithin(use, now, 24 * HOUR);

describe('the use of tokens', () => {
  it('is the sum of the increases of the counter', () => {
    const use = told(told(told(NO_TOKENS, 'a', 100), 'a', 250), 'a', 250);
    expect(used(use)).toBe(250);
  });

  it('goes on over processes: another one begins a new counter, counted whole', () => {
    expect(used(told(told(NO_TOKENS, 'a', 100), 'b', 150))).toBe(250);
  });

  it('of a counter that fell begins anew', () => {
    expect(used(told(told(NO_TOKENS, 'a', 100), 'a', 30))).toBe(130);
  });

  it('counts within the window alone', () => {
    const use = told(told(NO_TOKENS, 'a', 100), 'a', 150, 25 * HOUR);
    expect(used(use, 25 * HOUR)).toBe(50);
  });

  it('with a new budget begins at 0, and counts on from where the counter stands', () => {
    const fresh = withNewBudget(told(NO_TOKENS, 'a', 100));
    expect([used(fresh), used(told(fresh, 'a', 130))]).toEqual([0, 30]);
  });

  it('never falls, and keeps few rows, however often it is told', () => {
    const counters = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(1_000)), { maxLength: 300 });
    fc.assert(
      fc.property(counters, (given) => {
        let use = NO_TOKENS;
        given.forEach(([incarnation, value], index) => {
          const next = told(use, incarnation, value, index * 1_000);
          expect(used(next, index * 1_000)).toBeGreaterThanOrEqual(used(use, index * 1_000));
          use = next;
        });
        expect(use.buckets.length).toBeLessThanOrEqual(6);
      }),
    );
  });
});
