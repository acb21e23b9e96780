import * as fc from 'fast-check';
import {
  NO_TOKENS,
  tokensWithin,
  withCounter,
  withNewBudget,
  withReport,
  type ReportedCount,
  type TokenUse,
} from './token-use';

const HOUR = 3_600_000;
const report = (use: TokenUse, incarnation: string, value: number, now = 0) =>
  withCounter(use, { incarnation, value }, now, 24 * HOUR);
const tokensOf = (use: TokenUse, now = 0) => tokensWithin(use, now, 24 * HOUR);

describe('token use', () => {
  it('is the sum of the increases of the counter', () => {
    const use = report(report(report(NO_TOKENS, 'a', 100), 'a', 250), 'a', 250);
    expect(tokensOf(use)).toBe(250);
  });

  it('continues across processes: a new process starts a new counter, which counts in full', () => {
    expect(tokensOf(report(report(NO_TOKENS, 'a', 100), 'b', 150))).toBe(250);
  });

  it('does not count twice what a process reported before its pid was known', () => {
    const early = report(NO_TOKENS, 'run-1:', 500);
    expect([tokensOf(report(early, 'run-1:10', 600)), tokensOf(report(early, 'run-2:10', 600))]).toEqual([600, 1_100]);
  });

  it('assigns a counter to its process once the pid is known', () => {
    const known = report(report(NO_TOKENS, 'run-1:', 500), 'run-1:10', 500);
    expect(tokensOf(report(known, 'run-1:11', 600))).toBe(1_100);
  });

  it('counts a counter that fell in full', () => {
    expect(tokensOf(report(report(NO_TOKENS, 'a', 100), 'a', 30))).toBe(130);
  });

  it('counts only increases within the window', () => {
    const use = report(report(NO_TOKENS, 'a', 100), 'a', 150, 25 * HOUR);
    expect(tokensOf(use, 25 * HOUR)).toBe(50);
  });

  it('is 0 with a new budget, and then counts increases of the present counter', () => {
    const fresh = withNewBudget(report(NO_TOKENS, 'a', 100));
    expect([tokensOf(fresh), tokensOf(report(fresh, 'a', 130))]).toEqual([0, 30]);
  });

  it('never falls, and keeps few buckets, however many counts are reported', () => {
    const counters = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(1_000)), { maxLength: 300 });
    fc.assert(
      fc.property(counters, (given) => {
        let use = NO_TOKENS;
        given.forEach(([incarnation, value], index) => {
          const next = report(use, incarnation, value, index * 1_000);
          expect(tokensOf(next, index * 1_000)).toBeGreaterThanOrEqual(tokensOf(use, index * 1_000));
          use = next;
        });
        expect(use.buckets.length).toBeLessThanOrEqual(6);
      }),
    );
  });

  it('is the same whether counts are applied one by one or together, and few counts of a rising counter wait', () => {
    const counters = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(50)), { maxLength: 60 });
    fc.assert(
      fc.property(counters, counters, (before, given) => {
        const fold = (use: TokenUse, counts: readonly ReportedCount[]) =>
          counts.reduce((next, { incarnation, value }) => report(next, incarnation ?? '', value), use);
        const counts = (of: typeof given) => of.map(([incarnation, value]) => ({ incarnation, value, at: 0 }));
        const begin = fold(NO_TOKENS, counts(before));
        const waiting = counts(given).reduce(withReport, []);
        expect(fold(begin, waiting)).toEqual(fold(begin, counts(given)));
        const rising = counts(given.map((_, index) => ['a', index])).reduce(withReport, []);
        expect(rising.length).toBeLessThanOrEqual(2);
      }),
    );
  });
});
