import { FakeClock, settled } from '../../../test/support/fake-clock';
import { openTestDatabase, registerRow, type TestDatabase } from '../../../test/support/database';
import { GatedQueue } from '../../../test/support/gated-queue';
import { OwnAddress, readSettings, resolveSettings } from '../../config';
import type { Heartbeat } from '../../kernel';
import { HeartbeatStore } from './heartbeat-store';
import { Heartbeats } from './heartbeats';
import { TokenBudgets } from '../tokens/token-budgets';
import { TokenStore } from '../tokens/token-store';

const address = new OwnAddress(resolveSettings(readSettings({ PORT: '3100' }), '/srv/app', '/home/me'));
const [FIRST, SECOND] = ['http://127.0.0.1:4101', 'http://127.0.0.1:4102'];
const REFUSED = { code: 'database-unavailable' };

/** A failing or hanging database must lose nothing that an agent reported. */
describe('a heartbeat', () => {
  let test: TestDatabase;
  let gate: GatedQueue;
  let clock: FakeClock;
  let heartbeats: Heartbeats;

  const makeHeartbeats = () => {
    const tokens = new TokenBudgets(new TokenStore(test.database, gate.queue), { policyOf: () => ({}) }, clock);
    const store = new HeartbeatStore(test.database, gate.queue);
    const incarnations = { incarnationOf: () => 'run-1:10' };
    return new Heartbeats(store, clock, address, tokens, incarnations, { onHeartbeat: () => undefined });
  };
  const beat = (heartbeat: Heartbeat) => heartbeats.record('a', heartbeat);
  const endpoint = () => heartbeats.announcedOf('a')?.endpoint ?? null;
  const savedEndpoint = async () => {
    const later = makeHeartbeats();
    await later.load();
    return later.announcedOf('a')?.endpoint ?? null;
  };
  const remove = () =>
    test.database.transaction(async (tx) => {
      await tx.deleteFrom('actp_agent_registry').where('agent_id', '=', 'a').execute();
      await heartbeats.removeRows(tx, 'a');
    });

  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.destroy());
  beforeEach(async () => {
    await test.database.transaction((tx) => tx.deleteFrom('local.heartbeat').execute());
    await registerRow(test, 'a');
    gate = new GatedQueue(test.database);
    clock = new FakeClock();
    heartbeats = makeHeartbeats();
  });

  it('counts as a sign of life and of progress even if its save fails', async () => {
    await beat({ endpoint: FIRST, busy: true, progress: 1 });
    gate.fate = 'fails';
    await clock.advance(50_000);
    await expect(beat({ task: 'letter 8', busy: true, progress: 2, status: 'degraded' })).rejects.toMatchObject(
      REFUSED,
    );
    expect(heartbeats.vitalsOf('a')).toMatchObject({ ageMs: 0, status: 'degraded', withoutProgressMs: 0 });
    expect([endpoint(), heartbeats.lastTaskOf('a', 'run-1')]).toEqual([FIRST, null]);
  });

  it('counts as the first sign of life even if its save fails', async () => {
    gate.fate = 'fails';
    await expect(beat({ endpoint: FIRST })).rejects.toMatchObject(REFUSED);
    expect([heartbeats.vitalsOf('a')?.ageMs, endpoint()]).toEqual([0, null]);
  });

  it('does not wait for an earlier one whose save hangs', async () => {
    gate.fate = 'hangs';
    const first = beat({ endpoint: FIRST });
    await clock.advance(5_000);
    expect(heartbeats.vitalsOf('a')?.ageMs).toBe(5_000);
    await beat({ status: 'ok' });
    expect(heartbeats.vitalsOf('a')?.ageMs).toBe(0);
    expect(endpoint()).toBeNull();
    gate.release('commits');
    await first;
    expect(endpoint()).toBe(FIRST);
  });

  it('is not undone when the save of an earlier one fails late', async () => {
    gate.fate = 'hangs';
    const older = beat({ endpoint: FIRST, progress: 1 });
    await settled();
    const newer = beat({ endpoint: SECOND, progress: 2 });
    const refused = expect(older).rejects.toMatchObject(REFUSED);
    gate.release('fails');
    await settled();
    gate.fate = 'commits';
    await refused;
    await newer.catch(() => beat({ endpoint: SECOND, progress: 2 }));
    expect([endpoint(), await savedEndpoint()]).toEqual([SECOND, SECOND]);
  });

  it('is not acknowledged while the save of an equal one is in progress', async () => {
    gate.fate = 'hangs';
    const both = [beat({ endpoint: FIRST }), beat({ endpoint: FIRST })];
    await settled();
    gate.release('fails');
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([endpoint(), await savedEndpoint()]).toEqual([null, null]);
  });

  it('is saved together with all that arrived during a save', async () => {
    gate.fate = 'hangs';
    const all = [beat({ task: 'letter 1' })];
    await settled();
    all.push(...[2, 3, 4, 5].map((n) => beat({ task: `letter ${n}` })), beat({ endpoint: FIRST }));
    await settled();
    gate.release('commits');
    await Promise.all(all);
    expect(gate.begun).toBe(2);
    expect([heartbeats.lastTaskOf('a', 'run-1'), await savedEndpoint()]).toEqual(['letter 5', FIRST]);
  });

  it('is saved even if it repeats the saved claim, once a save failed', async () => {
    await beat({ endpoint: FIRST });
    gate.fate = 'fails';
    await expect(beat({ endpoint: SECOND })).rejects.toMatchObject(REFUSED);
    gate.fate = 'commits';
    const { begun } = gate;
    await beat({ endpoint: FIRST });
    expect(gate.begun).toBe(begun + 1);
  });

  it('without claims waits for no save, and the next one retries a failed save', async () => {
    gate.fate = 'fails';
    await beat({ status: 'ok' });
    await gate.queue.flush(10_000);
    await settled();
    gate.fate = 'commits';
    await beat({ status: 'ok' });
    await gate.queue.flush(10_000);
    const later = makeHeartbeats();
    await later.load();
    expect(later.vitalsOf('a')).not.toBeNull();
  });

  it('restores no row if the agent is unregistered during its save', async () => {
    gate.fate = 'hangs';
    const late = expect(beat({ endpoint: FIRST })).rejects.toMatchObject({ code: 'agent-not-found' });
    await settled();
    await remove();
    gate.release('commits');
    await late;
    expect(await test.database.read((db) => db.selectFrom('local.heartbeat').selectAll().execute())).toEqual([]);
  });

  it('does not apply to an agent that was registered again during its save', async () => {
    gate.fate = 'hangs';
    const late = expect(beat({ endpoint: FIRST })).rejects.toMatchObject({ code: 'agent-not-found' });
    await settled();
    await remove();
    heartbeats.forget('a');
    await registerRow(test, 'a');
    gate.release('commits');
    await late;
    expect([endpoint(), await savedEndpoint(), heartbeats.vitalsOf('a')]).toEqual([null, null, null]);
  });
});

describe('an unreadable saved heartbeat', () => {
  it('is skipped, and the others are loaded', async () => {
    const test = await openTestDatabase();
    try {
      const announced = JSON.stringify({ endpoint: FIRST, healthUrl: null });
      const rows = [
        { agent_id: 'remote', announced: JSON.stringify({ endpoint: 'http://example.com', healthUrl: null }) },
        { agent_id: 'shapeless', announced: '7' },
        { agent_id: 'good', announced },
      ].map((row) => ({ ...row, incarnation: 'run-1:10', last_task: null }));
      await test.database.transaction((tx) => tx.insertInto('local.heartbeat').values(rows).execute());
      const loaded = await new HeartbeatStore(test.database, test.queue).loadAll();
      expect([...loaded.keys()]).toEqual(['good']);
    } finally {
      await test.destroy();
    }
  });
});
