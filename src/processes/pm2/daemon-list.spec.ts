import { FakeClock, settled } from '../../../test/support/fake-clock';
import { DaemonList } from './daemon-list';

/** Creates a list of a daemon that returns the given lists one after the other, and then repeats the last. */
function makeList(lists: readonly string[], ageMs: number | null) {
  const clock = new FakeClock();
  let asked = 0;
  const list = new DaemonList({
    clock,
    ask: () => Promise.resolve(lists[Math.min(asked++, lists.length - 1)]),
    signature: String,
    bornAt: ageMs === null ? null : clock.wall() - ageMs,
  });
  return { clock, list, asked: () => asked };
}

describe('the list', () => {
  it.each([
    ['whose start time is unknown', null],
    ['that is ten seconds old', 10_000],
  ])('of a daemon %s is returned at once', async (_, ageMs) => {
    const { list, asked } = makeList(['a'], ageMs);
    expect(await list.take()).toMatchObject({ rows: 'a' });
    expect(asked()).toBe(1);
  });

  it('of a daemon that just started is returned once two lists agree, one second apart', async () => {
    const { clock, list } = makeList(['', 'a', 'ab'], 0);
    let returned: unknown = null;
    const began = clock.now();
    void list.take().then((taken) => (returned = taken));
    await clock.advance(2_999);
    expect(returned).toBeNull();
    await clock.advance(1);
    expect(returned).toEqual({ beganAt: began + 3_000, rows: 'ab' });
  });

  it.each<[string, (clock: FakeClock) => void, number?]>([
    [
      'the wall clock is set forward',
      (clock: FakeClock) => {
        clock.setWallBy(60_000);
      },
    ],
    [
      'the machine sleeps',
      (clock: FakeClock) => {
        clock.freezeFor(60_000);
      },
    ],
    ['it seems to have started in the future', () => undefined, -1],
  ])('of a young daemon is returned once two lists agree, although %s', async (_, happens, ageMs = 0) => {
    const { clock, list, asked } = makeList(['a', 'ab', 'ab'], ageMs);
    happens(clock);
    let given: unknown = null;
    void list.take().then((taken) => (given = taken));
    await clock.advance(2_000);
    expect(given).toMatchObject({ rows: 'ab' });
    expect(asked()).toBe(3);
  });

  it('is returned at once after two lists agreed', async () => {
    const { clock, list, asked } = makeList(['a', 'a', 'b'], 0);
    void list.take();
    await clock.advance(1_000);
    expect(await list.take()).toMatchObject({ rows: 'b' });
    expect(asked()).toBe(3);
  });

  it('is returned without agreement once the daemon is ten seconds old', async () => {
    const { clock, list } = makeList(
      Array.from({ length: 20 }, (_, index) => String(index)),
      0,
    );
    let returned: unknown = null;
    void list.take().then((taken) => (returned = taken));
    await clock.advance(10_000);
    await settled();
    expect(returned).toMatchObject({ rows: '10' });
  });
});
