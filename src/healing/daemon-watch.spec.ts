import { FakeClock } from '../../test/support/fake-clock';
import { FakeRuntime } from '../../test/support/fake-runtime';
import { FakeWorld } from '../../test/support/fake-world';
import { seededRandom } from '../../test/support/seeded';
import { DaemonWatch } from './daemon-watch';
import { DAEMON_UPDATE_MS } from './machine';

function makeWatch() {
  const clock = new FakeClock();
  const world = new FakeWorld(clock, seededRandom(1));
  const runtime = new FakeRuntime(world, clock);
  const told: string[] = [];
  const warned: unknown[] = [];
  const watch = new DaemonWatch(
    runtime,
    clock,
    { info: () => undefined, warn: (fields) => warned.push(fields) },
    {
      lost: (detail) => told.push(`lost: ${detail}`),
      connected: (first) => told.push(first ? 'connected for the first time' : 'connected again'),
    },
  );
  // As healing does.
  runtime.onSignal((signal) => {
    if (signal.kind === 'connection-lost') watch.lost(signal.detail);
    if (signal.kind === 'daemon-ending') watch.ending();
  });
  const began = clock.now();
  /** Notes when a daemon was begun. */
  const starts: number[] = [];
  const startDaemon = world.startDaemon.bind(world);
  world.startDaemon = () => {
    if (world.daemon === null) starts.push(clock.now() - began);
    return startDaemon();
  };
  const connected = async () => {
    void watch.start();
    await clock.advance(1_000);
    told.length = 0;
    starts.length = 0;
  };
  return { clock, world, runtime, watch, told, warned, starts, connected };
}

/** Makes every attempt fail at once, and notes when they were made. */
function refusing({ runtime, clock }: Pick<ReturnType<typeof makeWatch>, 'runtime' | 'clock'>) {
  const attempts: { at: number; mayStart: boolean }[] = [];
  const began = clock.now();
  runtime.connect = (mayStart) => {
    attempts.push({ at: clock.now() - began, mayStart });
    return Promise.reject(new Error('nobody there'));
  };
  return attempts;
}

describe('the first connection', () => {
  it('is made with a daemon that is there', async () => {
    const { clock, world, watch, told, starts } = makeWatch();
    world.startDaemon();
    expect(watch.lastError).not.toBeNull();
    void watch.start();
    await clock.advance(1_000);
    expect([told, starts, watch.lastError]).toEqual([['connected for the first time'], [0], null]);
  });

  it('starts a daemon where there is none', async () => {
    const { clock, world, watch, told, starts } = makeWatch();
    void watch.start();
    await clock.advance(1_000);
    expect([told, starts.length, world.daemon !== null]).toEqual([['connected for the first time'], 1, true]);
  });

  it('is tried again, ever more slowly, up to every two seconds, and the reason is told once', async () => {
    const made = makeWatch();
    const attempts = refusing(made);
    await made.watch.start();
    await made.clock.advance(10_000);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
    expect(attempts.every(({ mayStart }) => mayStart)).toBe(true);
    expect(made.watch.lastError).toBe('nobody there');
    expect(made.warned).toEqual([{ error: 'nobody there' }]);
  });
});

describe('a daemon that dies', () => {
  it('is started anew at once, and that it was away is told', async () => {
    const { clock, world, watch, told, starts, connected } = makeWatch();
    await connected();
    world.killDaemon();
    expect(watch.lastError).toBe('the daemon is gone');
    await clock.advance(300);
    expect(told).toEqual(['lost: the daemon is gone', 'connected again']);
    expect([starts.length, watch.lastError]).toEqual([1, null]);
  });

  it('is looked for once at a time, however often it is said to be lost', async () => {
    const made = makeWatch();
    await made.connected();
    const attempts = refusing(made);
    made.watch.lost('once');
    made.watch.lost('twice');
    await made.clock.advance(300);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300]);
  });

  it('after many attempts in vain is looked for quickly again the next time', async () => {
    const made = makeWatch();
    await made.connected();
    const connect = made.runtime.connect.bind(made.runtime);
    refusing(made);
    made.world.killDaemon();
    await made.clock.advance(20_000);
    made.runtime.connect = connect;
    await made.clock.advance(3_000);
    expect(made.runtime.isConnected()).toBe(true);
    const attempts = refusing(made);
    made.world.killDaemon();
    await made.clock.advance(300);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300]);
  });
});

describe('a daemon that a person ends', () => {
  it('is not started again by us, however long it is away', async () => {
    const { clock, world, starts, watch, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(false);
    await clock.advance(600_000);
    expect([starts, world.daemon, watch.lastError]).toEqual([[], null, expect.any(String)]);
  });

  it('is connected to when it comes back by itself', async () => {
    const { clock, world, told, runtime, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(true);
    await clock.advance(5_000);
    expect(told.at(-1)).toBe('connected again');
    expect(runtime.isConnected()).toBe(true);
  });

  it('is started at once when a person wants an agent to run', async () => {
    const { clock, world, starts, watch, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(false);
    await clock.advance(60_000);
    void watch.wanted();
    await clock.advance(500);
    expect([starts.length, world.daemon !== null]).toEqual([1, true]);
  });

  it('is started where something is left to settle, but not while it may come back by itself', async () => {
    const { clock, world, starts, watch, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(false);
    await clock.advance(DAEMON_UPDATE_MS - 500);
    watch.reconsider(true);
    await clock.advance(500);
    expect(starts).toEqual([]);
    watch.reconsider(true);
    await clock.advance(500);
    expect(starts).toHaveLength(1);
  });

  it('stays away where nothing is left to settle', async () => {
    const { clock, world, starts, watch, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(false);
    await clock.advance(2 * DAEMON_UPDATE_MS);
    watch.reconsider(false);
    await clock.advance(60_000);
    expect(starts).toEqual([]);
  });

  it('is a fault again once it ran since', async () => {
    const { clock, world, starts, connected } = makeWatch();
    await connected();
    world.operatorKillsDaemon(true);
    await clock.advance(5_000);
    starts.length = 0;
    world.killDaemon();
    await clock.advance(1_000);
    expect(starts).toHaveLength(1);
  });
});

describe('reconsider', () => {
  it('does nothing about a daemon that nobody has ended: that is looked for already', async () => {
    const made = makeWatch();
    await made.connected();
    const attempts = refusing(made);
    made.watch.reconsider(true);
    made.world.killDaemon();
    await made.clock.advance(10_000);
    const before = attempts.length;
    made.watch.reconsider(true);
    expect(attempts).toHaveLength(before);
  });
});

describe('a wish for a daemon', () => {
  it('costs nothing where we are connected', async () => {
    const made = makeWatch();
    await made.connected();
    const attempts = refusing(made);
    await made.watch.wanted();
    expect(attempts).toEqual([]);
  });

  it('waits for an attempt that is under way, rather than being told that nothing is there', async () => {
    const { clock, watch, runtime } = makeWatch();
    void watch.start();
    let isConnected: boolean | null = null;
    void watch.wanted().then(() => (isConnected = runtime.isConnected()));
    await clock.advance(1_000);
    expect(isConnected).toBe(true);
  });
});

describe('stop', () => {
  it('ends every attempt, and hears of no loss any more', async () => {
    const made = makeWatch();
    const attempts = refusing(made);
    await made.watch.start();
    made.watch.stop();
    made.watch.lost('gone');
    await made.watch.wanted();
    await made.clock.advance(60_000);
    expect([attempts.length, made.told]).toEqual([1, []]);
  });

  it('in the middle of an attempt lets no other follow', async () => {
    const made = makeWatch();
    const attempts = refusing(made);
    void made.watch.start();
    made.watch.stop();
    await made.clock.advance(60_000);
    expect(attempts).toHaveLength(1);
  });
});
