import * as fc from 'fast-check';
import { FakeClock } from '../../../test/support/fake-clock';
import { OomWatch, parseOomKills } from './oom-kills';

const SECOND = 1_000;

/**
 * Plays a kernel whose count increases at the given seconds. @returns the kills reported for an exit `diedAt` seconds
 * after the start
 */
async function kills({
  at,
  diedAt,
}: {
  readonly at: readonly number[];
  readonly diedAt: number;
}): Promise<number | null> {
  const clock = new FakeClock();
  const began = clock.now();
  const count = () => at.filter((second) => began + second * SECOND <= clock.now()).length;
  const watch = new OomWatch(clock, count);
  for (let second = 0; second < diedAt; second += 1) {
    watch.sample();
    await clock.advance(SECOND);
  }
  return watch.recent();
}

describe("the kernel's kills for lack of memory near a death", () => {
  it.each([
    ['none at all', [], 60, 0],
    ['one just before it', [59], 60, 1],
    ['two just before it', [55, 59], 60, 2],
    ['one long before it', [20], 60, 0],
    ['one soon after our own start', [2], 3, 1],
  ])('%s', async (_, at, diedAt, expected) => {
    expect(await kills({ at, diedAt })).toBe(expected);
  });

  it('count only if they came within ten seconds or so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 8 }), async (at) => {
        const found = await kills({ at, diedAt: 60 });
        expect(found).toBeGreaterThanOrEqual(at.filter((second) => second > 50).length);
        expect(found).toBeLessThanOrEqual(at.filter((second) => second >= 45).length);
      }),
      { numRuns: 30 },
    );
  });

  it('are not known before the first look, where the kernel does not say, and after a suspend', async () => {
    const clock = new FakeClock();
    let count: number | null = 5;
    const watch = new OomWatch(clock, () => count);
    expect(watch.recent()).toBeNull();
    watch.sample();
    clock.freezeFor(600 * SECOND);
    count = 6;
    expect(watch.recent()).toBeNull();
    watch.sample();
    await clock.advance(SECOND);
    count = null;
    expect(watch.recent()).toBeNull();
  });

  it('are not found in a future from which the wall clock was set back', async () => {
    const clock = new FakeClock();
    let count = 5;
    const watch = new OomWatch(clock, () => count);
    watch.sample();
    clock.setWallBy(-3_600 * SECOND);
    count = 6;
    expect(watch.recent()).toBeNull();
    watch.sample();
    await clock.advance(SECOND);
    expect(watch.recent()).toBe(0);
  });
});

it.each([
  ['low 0\nhigh 12\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n', 2],
  ['pgfault 7\noom_kill 41\nnuma_hit 3\n', 41],
  ['nr_free_pages 9\n', null],
])('the count is read from what the kernel writes: %j', (content, expected) => {
  expect(parseOomKills(content)).toBe(expected);
});
