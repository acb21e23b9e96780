import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { OwnAddress, readSettings, resolveSettings } from '../config';
import { HeartbeatStore } from './heartbeat-store';
import { Heartbeats } from './heartbeats';
import { TokenBudgets } from './token-budgets';
import { TokenStore } from './token-store';

const address = new OwnAddress(resolveSettings(readSettings({ PORT: '3100' }), '/srv/app', '/home/me'));
const ENDPOINT = 'http://127.0.0.1:4101';
const HEALTH_URL = 'http://127.0.0.1:4101/health';

let test: TestDatabase;
let heartbeats: Heartbeats;
/** Which process each agent has; healing says it. */
let processes: Record<string, string | null>;

function makeHeartbeats(): Heartbeats {
  const tokens = new TokenBudgets(new TokenStore(test.database, test.queue), { policyOf: () => ({}) }, test.clock);
  const made = new Heartbeats(new HeartbeatStore(test.database, test.queue), test.clock, address, tokens);
  made.attach((agentId) => processes[agentId] ?? null);
  return made;
}

/** What a later start of ours finds. */
async function reloaded(): Promise<Heartbeats> {
  const later = makeHeartbeats();
  await later.load();
  return later;
}

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.destroy());
beforeEach(async () => {
  await test.database.transaction((tx) => tx.deleteFrom('local.heartbeat').execute());
  processes = { a: 'run-1:10' };
  heartbeats = makeHeartbeats();
});
afterEach(() => {
  test.refuseWrites(false);
});

describe('an announcement', () => {
  it('is none before anything was said', () => {
    expect(heartbeats.announcedOf('a')).toBeNull();
  });

  it('holds from its heartbeat on, over a restart of ours too', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, healthUrl: HEALTH_URL });
    const announced = { endpoint: ENDPOINT, healthUrl: HEALTH_URL };
    expect(heartbeats.announcedOf('a')).toEqual(announced);
    expect((await reloaded()).announcedOf('a')).toEqual(announced);
    expect(heartbeats.announcedOf('b')).toBeNull();
  });

  it('is changed by what a later one names alone', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    await heartbeats.record('a', { healthUrl: HEALTH_URL });
    await heartbeats.record('a', { status: 'ok' });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: HEALTH_URL });
  });

  it('is withdrawn by null, member by member, and none when nothing is left of it', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, healthUrl: HEALTH_URL });
    await heartbeats.record('a', { healthUrl: null });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: null });
    await heartbeats.record('a', { endpoint: null });
    expect(heartbeats.announcedOf('a')).toBeNull();
    expect((await reloaded()).announcedOf('a')).toBeNull();
  });

  it.each(['run-2:11', 'run-1:11', null])('ends with the process that made it: not of %j', async (next) => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    processes.a = next;
    expect(heartbeats.announcedOf('a')).toBeNull();
    expect((await reloaded()).announcedOf('a')).toBeNull();
  });

  it('of an earlier process is not taken up by the next one', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    processes.a = 'run-2:11';
    await heartbeats.record('a', { healthUrl: HEALTH_URL });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: null, healthUrl: HEALTH_URL });
  });

  it('is not lost to another heartbeat of the same process that comes before it is saved', async () => {
    await Promise.all([heartbeats.record('a', { endpoint: ENDPOINT }), heartbeats.record('a', { task: 'letter 7' })]);
    expect([heartbeats.announcedOf('a')?.endpoint, heartbeats.lastTaskOf('a', 'run-1')]).toEqual([
      ENDPOINT,
      'letter 7',
    ]);
  });
});

describe('an announcement of our own port', () => {
  it.each([
    [{ endpoint: 'http://127.0.0.1:3100' }, ['/endpoint']],
    [{ healthUrl: 'http://localhost:3100/health/live' }, ['/healthUrl']],
    [{ endpoint: 'http://[::1]:3100', healthUrl: 'http://127.9.9.9:3100' }, ['/endpoint', '/healthUrl']],
    [{ endpoint: ENDPOINT, healthUrl: 'http://localhost:3100' }, ['/healthUrl']],
  ])('is refused, and nothing of the heartbeat is taken: %j', async (heartbeat, pointers) => {
    const refused = heartbeats.record('a', { ...heartbeat, task: 'letter 7' });
    const errors = pointers.map((pointer) => ({ pointer, detail: expect.any(String) as string }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request', errors });
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a', 'run-1')]).toEqual([null, null]);
  });

  it('is seen where a URL names no port, and ours is the standard one', async () => {
    address.port = 80;
    try {
      await expect(heartbeats.record('a', { endpoint: 'http://localhost' })).rejects.toMatchObject({
        code: 'invalid-request',
      });
      await heartbeats.record('a', { endpoint: 'http://localhost:3100' });
    } finally {
      address.port = 3100;
    }
  });
});

describe('the last task', () => {
  it('is handed to the next run, over a restart of ours too', async () => {
    expect(heartbeats.lastTaskOf('a', 'run-1')).toBeNull();
    await heartbeats.record('a', { task: 'letter 7' });
    await heartbeats.record('a', { task: 'letter 8' });
    await heartbeats.record('a', { status: 'ok' });
    processes.a = 'run-2:11';
    expect([heartbeats.lastTaskOf('a', 'run-1'), (await reloaded()).lastTaskOf('a', 'run-1')]).toEqual([
      'letter 8',
      'letter 8',
    ]);
  });

  it('of a run before the last one is not handed on', async () => {
    await heartbeats.record('a', { task: 'letter 7' });
    processes.a = 'run-2:11';
    await heartbeats.record('a', { status: 'ok' });
    expect([heartbeats.lastTaskOf('a', 'run-1'), heartbeats.lastTaskOf('a', 'run-2')]).toEqual([null, null]);
  });

  it('stays the last that was reported where a heartbeat says that there is none now', async () => {
    await heartbeats.record('a', { task: 'letter 7' });
    await heartbeats.record('a', { task: null });
    expect(heartbeats.lastTaskOf('a', 'run-1')).toBe('letter 7');
  });
});

describe('what a heartbeat changes', () => {
  it('is not acknowledged, and not believed, where the database does not take it', async () => {
    test.refuseWrites(true);
    const refused = heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    await expect(refused).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a', 'run-1')]).toEqual([null, null]);
  });

  it('is not believed of two at once either, where the database takes none of them', async () => {
    test.refuseWrites(true);
    const both = [heartbeats.record('a', { endpoint: ENDPOINT }), heartbeats.record('a', { task: 'letter 7' })];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a', 'run-1')]).toEqual([null, null]);
  });

  it('is nothing for a mere sign of life, which needs no database', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    test.refuseWrites(true);
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7', progress: 3, busy: true });
    await heartbeats.record('a', {});
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: null });
  });

  it('is forgotten with the agent, on disk too', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    await heartbeats.forget('a');
    for (const each of [heartbeats, await reloaded()]) {
      expect([each.announcedOf('a'), each.lastTaskOf('a', 'run-1')]).toEqual([null, null]);
    }
  });

  it('is forgotten even where the agent goes while it is being saved', async () => {
    await Promise.all([heartbeats.record('a', { task: 'letter 7' }), heartbeats.forget('a')]);
    expect(heartbeats.lastTaskOf('a', 'run-1')).toBeNull();
  });
});
