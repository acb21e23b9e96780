import { FakeClock } from '../../test/support/fake-clock';
import { TimeGap } from './time-gap';

describe('a time gap', () => {
  const made = (periodMs: number) => {
    const clock = new FakeClock();
    return { clock, gap: new TimeGap(clock, periodMs) };
  };

  it.each([
    [1_000, 6_000, null],
    [1_000, 6_001, 5_001],
    [5_000, 15_000, null],
    [5_000, 15_001, 10_001],
    [5_000, 95_000, 90_000],
  ])('with ticks every %i ms, one that comes after %i ms shows a gap of %j', (periodMs, afterMs, expected) => {
    const { clock, gap } = made(periodMs);
    clock.freezeFor(afterMs);
    expect([gap.look(), gap.tick()]).toEqual([expected, expected]);
    expect(gap.look()).toBeNull();
  });

  it.each([
    [3_600_000, 3_600_000],
    [-3_600_000, 3_600_000],
    [5_000, null],
  ])('a wall clock set by %i ms shows one of %j', (milliseconds, expected) => {
    const { clock, gap } = made(5_000);
    clock.setWallBy(milliseconds);
    expect([gap.look(), gap.tick(), gap.tick()]).toEqual([expected, expected, null]);
  });
});
