import { seededRandom } from '../../test/support/seeded';
import { firstCheckAt, nextCheckAt } from './check-schedule';

const INTERVAL_MS = 15_000;
const POLICY = { intervalMs: INTERVAL_MS, graceMs: 60_000 };

describe('the check schedule', () => {
  it('spreads the checks of 500 agents over the interval, and keeps them spread', () => {
    const random = seededRandom(1);
    const due = Array.from({ length: 500 }, () => firstCheckAt(0, POLICY, random));
    for (let round = 0; round < 20; round += 1) {
      const perSecond = new Map<number, number>();
      for (const at of due) {
        const second = Math.floor(at / 1_000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      expect(Math.max(...perSecond.values())).toBeLessThan(75); // a third of a burst would be over 160
      due.forEach((at, index) => (due[index] = nextCheckAt(at, INTERVAL_MS, null, random)));
    }
  });

  it.each([
    ['half the grace period', { intervalMs: 15_000, graceMs: 10_000 }, 5_000],
    ['two seconds where the grace period is short', { intervalMs: 15_000, graceMs: 0 }, 2_000],
    ['the interval where that is shortest', { intervalMs: 300, graceMs: 10_000 }, 300],
  ])('makes the first check of a running process within %s', (_, policy, latest) => {
    expect(firstCheckAt(0, policy, () => 1)).toBe(latest);
  });

  it('checks a fresh process early, and doubles the pause until its first good check', () => {
    const middle = () => 0.5;
    const pauses = [0, 1, 2, 3, 10].map((tries) => nextCheckAt(0, INTERVAL_MS, tries, middle));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, INTERVAL_MS]);
    expect(nextCheckAt(0, INTERVAL_MS, null, middle)).toBe(INTERVAL_MS);
  });
});
