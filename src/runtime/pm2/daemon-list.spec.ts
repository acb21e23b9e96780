import { FakeClock, settled } from '../../../test/support/fake-clock';
import { DaemonList } from './daemon-list';

/** A daemon whose list is what the test says, one look after the other; the last look is repeated. */
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

describe('the list of a daemon', () => {
  it.each([
    ['of which nobody knows when it was started', null],
    ['that is ten seconds old', 10_000],
    ['that seems to come from the future, since the clock was set', -1],
  ])('%s is taken as it is', async (_, ageMs) => {
    const { list, asked } = makeList(['a'], ageMs);
    expect(await list.take()).toMatchObject({ rows: 'a' });
    expect(asked()).toBe(1);
  });

  it('that was started a moment ago is given once two looks agree, a second apart', async () => {
    const { clock, list } = makeList(['', 'a', 'ab'], 0);
    let given: unknown = null;
    const began = clock.now();
    void list.take().then((taken) => (given = taken));
    await clock.advance(2_999);
    expect(given).toBeNull();
    await clock.advance(1);
    expect(given).toEqual({ beganAt: began + 3_000, rows: 'ab' });
  });

  it('is taken as it is from then on', async () => {
    const { clock, list, asked } = makeList(['a', 'a', 'b'], 0);
    void list.take();
    await clock.advance(1_000);
    expect(await list.take()).toMatchObject({ rows: 'b' });
    expect(asked()).toBe(3);
  });

  it('that never agrees is given once the daemon is no longer young', async () => {
    const { clock, list } = makeList(
      Array.from({ length: 20 }, (_, index) => String(index)),
      0,
    );
    let given: unknown = null;
    void list.take().then((taken) => (given = taken));
    await clock.advance(10_000);
    await settled();
    expect(given).toMatchObject({ rows: '10' });
  });
});
