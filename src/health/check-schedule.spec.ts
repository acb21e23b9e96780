import { seededRandom } from '../../test/support/seeded';
import { FakeClock } from '../../test/support/fake-clock';
import { firstCheckAt, nextCheckAt } from './check-schedule';
import { LoopLag } from './loop-lag';

const INTERVAL_MS = 15_000;

describe('when an agent is checked', () => {
  it('500 agents are spread over the interval, and stay so', () => {
    const random = seededRandom(1);
    const due = Array.from({ length: 500 }, () => firstCheckAt(0, INTERVAL_MS, random));
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

  it('a fresh process is asked soon and often, then less and less, until a good check', () => {
    const middle = () => 0.5;
    const pauses = [0, 1, 2, 3, 10].map((tries) => nextCheckAt(0, INTERVAL_MS, tries, middle));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, INTERVAL_MS]);
    expect(nextCheckAt(0, INTERVAL_MS, null, middle)).toBe(INTERVAL_MS);
  });
});

describe('the lag of our own loop', () => {
  it('is how late a tick was, since a given time, and that of one that is late now', () => {
    const clock = new FakeClock();
    const lag = new LoopLag(clock, 250);
    const ticksAfter = (pause: number) => {
      clock.freezeFor(pause);
      lag.tick();
    };
    ticksAfter(0);
    ticksAfter(250);
    const before = clock.now();
    expect(lag.since(before)).toBeLessThanOrEqual(0);
    ticksAfter(3_250);
    expect(lag.since(before)).toBe(3_000);
    ticksAfter(250);
    expect(lag.since(clock.now())).toBeLessThanOrEqual(0);
    clock.freezeFor(2_250);
    expect(lag.since(clock.now())).toBe(2_000);
  });
});
