import { FakeClock } from '../../test/support/fake-clock';
import { LoopLag } from './loop-lag';

describe('LoopLag', () => {
  let clock: FakeClock;
  let lag: LoopLag;
  beforeEach(() => {
    clock = new FakeClock();
    lag = new LoopLag(clock, 250);
  });

  const tickAfter = (pauseMs: number) => {
    clock.freezeFor(pauseMs);
    lag.tick();
  };

  it('returns the longest delay since a time', () => {
    tickAfter(0);
    tickAfter(250);
    const before = clock.now();
    expect(lag.since(before)).toBeLessThanOrEqual(0);
    tickAfter(3_250);
    expect(lag.since(before)).toBe(3_000);
    tickAfter(250);
    expect(lag.since(clock.now())).toBeLessThanOrEqual(0);
  });

  it('includes a tick that is late now', () => {
    tickAfter(0);
    clock.freezeFor(2_250);
    expect(lag.since(clock.now())).toBe(2_000);
  });
});
