import * as fc from 'fast-check';
import {
  NO_TOKENS,
  tokensWithin,
  withCounter,
  withNewBudget,
  withoutFuture,
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

  it('counts whole runs of a crash loop, each of which reports from 0', () => {
    const runs = Array.from({ length: 9 }, (_, run) => run);
    const use = runs.reduce(
      (before, run) => report(report(before, `run-${run}:10`, 0), `run-${run}:10`, 120),
      NO_TOKENS,
    );
    expect(tokensOf(use)).toBe(9 * 120);
  });

  it.each([1_000, 10_000, HOUR, 24 * HOUR, 365 * 24 * HOUR])(
    'keeps every token for its window of %d ms, and at most a hundredth of it longer',
    (windowMs) => {
      const step = windowMs / 1_000;
      let use = NO_TOKENS;
      const excess = Array.from({ length: 3_000 }, (_, index) => {
        const value = index + 1;
        use = withCounter(use, { incarnation: 'a', value }, value * step, windowMs);
        return tokensWithin(use, value * step, windowMs) - Math.min(value, 1_000);
      });
      expect(Math.min(...excess)).toBe(0);
      expect(Math.max(...excess)).toBeLessThanOrEqual(10);
      expect(use.buckets.length).toBeLessThan(300);
    },
  );

  it('counts tokens once if the clock was set back', () => {
    const minute = 60_000;
    let use = NO_TOKENS;
    let now = 100 * HOUR;
    const spend = (from: number, to: number) => {
      for (let count = from; count <= to; count += 1, now += minute)
        use = report(withoutFuture(use, now), 'a', count * 10, now);
    };
    spend(1, 60);
    now -= 120 * minute;
    spend(61, 24 * 60);
    // A day's use of ten a minute, whatever the clock did within the day.
    expect(tokensOf(use, now)).toBe(14_400);
    expect(tokensOf(use, now + 120 * minute)).toBeLessThanOrEqual(14_400 - 1_140);
    expect(tokensOf(use, now + 120 * minute)).toBeGreaterThanOrEqual(14_400 - 1_200);
  });

  it('stays an exact integer, whatever is reported', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const use = report(report(report(NO_TOKENS, 'a', most), 'b', most), 'b', 5, 2 * HOUR);
    expect([tokensOf(use, 2 * HOUR), Math.max(...use.buckets.map(({ tokens }) => tokens))]).toEqual([most, most]);
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
