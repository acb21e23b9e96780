import fc from 'fast-check';
import { LONGEST_STEP_MS, RunningTime } from './running-time';

const START = { monotonic: 100, wall: 1_000_000 };

/** Builds a {@link RunningTime} whose two clocks advance by the given steps. */
function makeTime() {
  const reading = { ...START };
  const suspends: number[] = [];
  const time = new RunningTime(START, (lostMs) => suspends.push(lostMs));
  const pass = (monotonicMs: number, wallMs = monotonicMs) => {
    reading.monotonic += monotonicMs;
    reading.wall += wallMs;
    return time.read({ ...reading }) - START.wall;
  };
  return { time, reading, suspends, pass };
}

describe('the running time', () => {
  it.each([
    [[100, 200, 300], 600, []],
    [[500, 500], 1_000, []],
    [[501], 500, []],
    [[5_500], 500, []],
    [[5_501], 500, [5_001]],
    [[400, 20_000, 100], 1_000, [19_500]],
  ])('after steps of %j ms is %i ms, with suspends of %j', (steps, expected, suspends) => {
    const test = makeTime();
    let seen = 0;
    for (const step of steps) seen = test.pass(step);
    expect([seen, test.suspends]).toEqual([expected, suspends]);
  });

  it.each([
    [20, 90_020, [90_000]],
    [20, 5_020, []],
    [20, -90_000, [90_020]],
    [20_000, 80_000, [79_500]],
  ])('after a monotonic step of %i ms and a wall step of %i ms reports %j', (monotonicMs, wallMs, suspends) => {
    const test = makeTime();
    expect(test.pass(monotonicMs, wallMs)).toBe(Math.min(monotonicMs, LONGEST_STEP_MS));
    expect(test.suspends).toEqual(suspends);
  });

  it('maps wall times to itself in order, across losses', () => {
    const { time, reading, pass } = makeTime();
    pass(400);
    pass(20_000); // counts as 500 ms of running time
    pass(300);
    const at = (wall: number) => time.at(START.wall + wall, reading) - START.wall;
    expect([0, 399, 900, 10_000, 20_400, 20_500, 20_700, 99_999].map(at)).toEqual([
      ...[0, 399, 412.5, 640, 900, 1_000, 1_200, 1_200],
    ]);
  });

  it('shows one wall time for one moment until the clocks move apart by more than half a second', () => {
    const { time, reading, pass } = makeTime();
    const due = START.wall + 60_000;
    const shown = () => time.wallOf(due, { ...reading }) - START.wall;
    expect(shown()).toBe(60_000);
    for (let step = 0; step < 100; step += 1) {
      pass(100.3, 100 + (step % 3));
      expect(shown()).toBe(60_000);
    }
    pass(20_000);
    const after = shown();
    expect(after).toBeGreaterThan(60_000 + 19_400);
    pass(500);
    expect(shown()).toBe(after);
  });

  it('never decreases, never runs faster than the monotonic clock, and keeps the order of wall times', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 8_000 }), fc.integer({ min: 0, max: 8_000 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(steps, fc.nat(100_000), fc.nat(100_000), (taken, one, other) => {
        const { time, reading, pass } = makeTime();
        let before = 0;
        for (const [monotonicMs, wallMs] of taken) {
          const now = pass(monotonicMs, wallMs);
          expect(now - before).toBeGreaterThanOrEqual(0);
          expect(now - before).toBeLessThanOrEqual(Math.min(monotonicMs, LONGEST_STEP_MS));
          before = now;
        }
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((wall) =>
          time.at(START.wall + wall, reading),
        );
        expect(early).toBeLessThanOrEqual(late ?? 0);
        expect(late).toBeLessThanOrEqual(time.read(reading));
      }),
    );
  });
});
