import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Database, restoreBackup, writeBackup } from '../../../src/persistence';
import { openEmptyDatabase, type EmptyDatabase } from '../../support/database';
import {
  agent,
  checks,
  circuit,
  emptied,
  events,
  fingerprintHere,
  fingerprintThere,
  makeMirrorWorld,
  MIRRORED,
  restarts,
  type MirrorWorld,
} from '../../support/mirror-world';
import { SupabaseProject } from '../../../src/persistence/mirror/supabase-project';
import { makeTempFolder } from '../../support/temp-folder';
import { until } from '../../support/until';
import { describeOnRigs, startRig, type Answer, type SupabaseRig } from '../../support/supabase-rig';

const RETRY_REFUSED_MS = 10_000;
/** How long it relies on being the owner. */
const TRUSTED_MS = 10_000;

describeOnRigs('the mirror', (kind) => {
  let rig: SupabaseRig;
  const databases: EmptyDatabase[] = [];
  let world: MirrorWorld;
  let made: MirrorWorld[] = [];

  beforeAll(async () => {
    rig = await startRig({ kind });
    databases.push(await openEmptyDatabase(), await openEmptyDatabase());
  });
  afterAll(async () => {
    await rig.stop();
    for (const { destroy } of databases) await destroy();
  });

  beforeEach(async () => {
    rig.fault = () => null;
    await rig.query(`truncate ${MIRRORED.join(', ')}, actp_mirror_owner`);
    for (const { database } of databases) await emptied(database);
    world = await worldOf(0);
    rig.requests.length = 0;
  });
  afterEach(async () => {
    for (const { mirror } of made) await mirror.end();
    made = [];
  });

  async function worldOf(index: 0 | 1, options: { instance?: string; key?: string } = {}): Promise<MirrorWorld> {
    const { database } = databases[index]!;
    const one = await makeMirrorWorld({ url: rig.url, key: rig.serviceKey, database, ...options });
    made.push(one);
    return one;
  }

  async function expectEqual(one = world): Promise<void> {
    await one.mirror.pass();
    expect(one.mirror.status()).toMatchObject({ waiting: 0, lastError: null, degraded: null });
    expect(await fingerprintThere(rig)).toEqual(await fingerprintHere(one.database));
  }

  /** Makes a pass that is to fail, and then one that is not: back-off is over by then. */
  async function expectLater(status: Record<string, unknown>): Promise<void> {
    await world.mirror.pass();
    expect(world.mirror.status()).toMatchObject(status);
  }

  const countThere = async (table: string) => (await rig.query(`select count(*)::int as n from ${table}`))[0]?.n;

  describe('brings', () => {
    it('every change of each table, deletes among them', async () => {
      await world.write(agent('a'), agent('b'), events(1, 1_203), checks(700), restarts(3), circuit('a', 1));
      await world.write(circuit('b', 2));
      await expectEqual();
      await world.write(
        `update actp_agent_registry set name = 'anew' where agent_id = 'a'`,
        `delete from actp_agent_registry where agent_id = 'b'`,
        `delete from actp_circuit_breakers where agent_id = 'b'`,
        `delete from actp_agent_health_log where health_score < 90`,
        `delete from actp_agent_events where seq <= 600`,
        // Registered anew: another row with the id of one that is gone.
        agent('b'),
        circuit('a', 5),
      );
      await expectEqual();
      expect(await countThere('actp_agent_events')).toBe(603);
    });

    it('rows of one table together, at most 500, each once', async () => {
      await expectEqual();
      rig.requests.length = 0;
      for (let batch = 0; batch < 11; batch += 1)
        await world.write(events(1 + batch * 100, 100), circuit(`a${batch}`, 1));
      await expectEqual();
      const sent = rig.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body) as unknown[]);
      expect(sent.flat()).toHaveLength(1_111);
      expect(sent.length).toBeLessThanOrEqual(6);
      expect(Math.max(...sent.map((rows) => rows.length))).toBeLessThanOrEqual(500);
    });

    it('what was there before there was a mirror, and takes away what is of the seed', async () => {
      await world.mirror.end();
      await rig.query(events(1, 3, 'seed'));
      await rig.query(agent('a', 'seed'));
      await world.write(`delete from local.mirror`, agent('a'), events(1, 1_700), checks(20));
      // As at a start of a program that had no mirror: nothing was noted.
      await world.write('truncate local.outbox');
      await expectEqual(await worldOf(0));
    });

    it('health checks that were left out while much waited', async () => {
      rig.fault = () => 'reset';
      await world.write(events(1, 10_100), checks(30));
      await world.write(checks(40), 'delete from actp_agent_health_log where health_score = 3');
      await expectLater({ state: 'waiting', waiting: 10_100 });
      rig.fault = () => null;
      await expectEqual();
    });

    // Once is enough: it says nothing of the other side.
    const itOnPglite = kind === 'pglite' ? it : it.skip;
    itOnPglite(
      'what a backup brings back: what came after it is gone there too, and its numbers are free',
      async () => {
        const folder = makeTempFolder();
        await world.write(
          events(1, 5),
          agent('a'),
          circuit('a', 1),
          `update local.meta set value = '5' where key = 'event_seq'`,
        );
        const file = await writeBackup(world.database, folder.at('backups'), world.clock);
        await world.write(events(6, 700), circuit('b', 1), `update actp_agent_registry set name = 'later'`);
        await expectEqual();
        await restoreBackup(file, folder.root, world.clock);
        const database = await Database.open(folder.at('db'));
        const restored = await makeMirrorWorld({ url: rig.url, key: rig.serviceKey, database });
        made.push(restored);
        await restored.write(events(6, 3));
        await expectEqual(restored);
        expect(await countThere('actp_agent_events')).toBe(8);
        // The one that it came from, should it still run, has lost its place.
        await world.write(events(706, 1));
        await expectLater({ state: 'paused' });
        await database.close();
        folder.remove();
      },
    );

    it('a change that is overtaken while it is being sent', async () => {
      await world.write(circuit('a', 1));
      let isFirst = true;
      rig.fault = async ({ method, path }) => {
        if (method === 'POST' && path.includes('circuit') && isFirst) {
          isFirst = false;
          await world.write(circuit('a', 2), agent('b'));
        }
        return null;
      };
      await expectEqual();
    });
  });

  describe('of a Supabase that fails', () => {
    it.each<[string, Answer, RegExp]>([
      ['is slow down', { status: 429, body: '{"message":"too many requests"}' }, /429 too many/],
      ['is broken', { status: 500, body: 'oops' }, /500/],
      ['is away behind its proxy', { status: 502, body: '<html>Bad gateway</html>' }, /502 something else than JSON/],
      ['answers in HTML as if all were well', { status: 200, body: '<html>Log in</html>' }, /./],
      ['forbids by a page', { status: 403, body: '<html>Forbidden</html>' }, /403/],
      ['cuts the connection', 'reset', /fetch failed/],
      ['cuts the connection after it did it', 'reset-after', /fetch failed/],
    ])('one that %s loses nothing, and all is there later', async (_, answer, said) => {
      await expectEqual();
      await world.write(events(1, 700), circuit('a', 1));
      rig.fault = ({ method }) => (method === 'POST' ? answer : null);
      await expectLater({ state: 'waiting', lastError: expect.stringMatching(said) as string });
      expect(await world.mirror.refusals(9)).toEqual([]);
      rig.fault = () => null;
      await expectEqual();
    });

    it.each<[string, boolean]>([
      ['after others that were sent since', false],
      ['after the death of who sent it', true],
    ])('one that takes a request %s refuses it: what is old never comes back', async (_, isNewProcess) => {
      await world.write(circuit('a', 1));
      await expectEqual();
      // A request of each kind is given up, and is under way still.
      rig.fault = ({ method }) => (method === 'GET' || method === 'PATCH' ? null : 'late');
      await world.write(`delete from actp_circuit_breakers`);
      await expectLater({ state: 'waiting', waiting: 1 });
      await world.write(agent('late'));
      await expectLater({ state: 'waiting', waiting: 2 });
      await world.write(`delete from actp_agent_registry`, circuit('a', 2));
      if (isNewProcess) await world.mirror.end();
      const now = isNewProcess ? await worldOf(0) : world;
      rig.fault = () => null;
      await expectEqual(now);
      expect(await rig.deliverLate()).toEqual([409, 409]);
      expect(await fingerprintThere(rig)).toEqual(await fingerprintHere(now.database));
      expect(await countThere('actp_circuit_breakers')).toBe(1);
      await now.write(events(1, 3));
      await expectEqual(now);
    });

    it('one whose database is killed, and comes back', async () => {
      await expectEqual();
      await world.write(events(1, 10));
      await rig.killDatabase();
      await expectLater({ state: 'waiting', waiting: 10 });
      await rig.restart();
      await expectEqual();
    });

    it('one that never answers is given up after its time, and nothing waits for it', async () => {
      rig.fault = () => 'hang';
      const project = new SupabaseProject({ url: rig.url, key: rig.serviceKey, timeoutMs: 200 });
      expect(await project.owner()).toEqual({ kind: 'away', error: 'no answer within 0.2 s' });
      let cut: (why: Error) => void = () => undefined;
      let isHeld = false;
      rig.fault = () =>
        new Promise((_, reject) => {
          isHeld = true;
          cut = reject;
        });
      const pass = world.mirror.pass();
      await until(() => isHeld, 'a request hangs');
      // The database is ours all the while, and the end of the service too.
      await world.write(events(1, 3));
      const ended = world.mirror.end();
      await world.clock.advance(2_000);
      await ended;
      cut(new Error('cut by the test'));
      await pass;
      expect((await worldOf(0)).mirror.status()).toMatchObject({ lastError: null });
    });

    it('one that leads elsewhere is not followed: the key goes nowhere', async () => {
      let asked = 0;
      const elsewhere = createServer((_, response) => {
        asked += 1;
        response.end();
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const { port } = elsewhere.address() as AddressInfo;
      rig.fault = () => ({ status: 307, headers: { location: `http://127.0.0.1:${port}/` }, body: '' });
      await expectLater({ state: 'waiting', lastError: expect.stringContaining('fetch failed') as string });
      expect(asked).toBe(0);
      await new Promise((resolve) => elsewhere.close(resolve));
    });

    it('one with another key: nothing is lost, and it says what to check', async () => {
      const key = rig.token('service_role', { secret: 'another secret that is long enough for this' });
      const wrong = await worldOf(1, { key });
      await wrong.write(events(1, 3));
      await wrong.mirror.pass();
      expect(wrong.mirror.status()).toMatchObject({ state: 'waiting', waiting: 3 });
      expect(wrong.mirror.status().degraded).toMatch(/401 PGRST301.*Check SUPABASE_SERVICE_ROLE_KEY/);
      expect(JSON.stringify(wrong.mirror.status())).not.toContain(key);
    });

    it('one that is given the key of a browser', async () => {
      const wrong = await worldOf(1, { key: rig.anonKey });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/42501.*Check SUPABASE_SERVICE_ROLE_KEY/);
    });

    it('one whose clock or ours is wrong', async () => {
      await world.write(events(1, 3));
      const ahead = Math.floor(Date.now() / 1_000) + 86_400;
      const key = rig.token('service_role', { issuedAt: ahead, expiresAt: ahead + 3_600 });
      const wrong = await worldOf(1, { key });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/401.*Check SUPABASE_SERVICE_ROLE_KEY/);
      for (const days of [400, -800]) {
        world.clock.setWallBy(days * 86_400_000);
        await world.write(circuit('a', days + 1_000));
        expect(world.mirror.status().lagSeconds).toBeGreaterThanOrEqual(0);
        await expectEqual();
      }
    });

    it('one that takes only small requests gets smaller ones', async () => {
      rig.fault = ({ method, body }) =>
        method === 'POST' && body.length > 20_000 ? { status: 413, body: '<html>' } : null;
      await world.write(events(1, 600));
      await expectEqual();
    });
  });

  describe('a schema that is not ours', () => {
    it.each([
      [
        'a missing table',
        'alter table actp_agent_restarts rename to elsewhere',
        'alter table elsewhere rename to actp_agent_restarts',
        '20260101000003_agent_restarts',
      ],
      [
        'a renamed column',
        'alter table actp_agent_restarts rename reason to why',
        'alter table actp_agent_restarts rename why to reason',
        '20260101000003_agent_restarts',
      ],
      [
        'one behind ours by a table',
        'alter table actp_mirror_owner rename to elsewhere',
        'alter table elsewhere rename to actp_mirror_owner',
        '20260101000007_mirror_owner',
      ],
      [
        'one behind ours by a column',
        'alter table actp_mirror_owner rename epoch to elsewhere',
        'alter table actp_mirror_owner rename elsewhere to epoch',
        '20260101000008_mirror_epoch',
      ],
    ])('%s pauses it, names the migration to push, and is no fault of a row', async (_, spoil, mend, migration) => {
      await expectEqual();
      await rig.apply(spoil);
      await world.write(restarts(3), events(1, 3));
      await world.clock.advance(TRUSTED_MS);
      await expectLater({ state: 'paused' });
      expect(world.mirror.status().degraded).toContain(`push supabase/migrations/${migration}.sql`);
      expect(await world.mirror.refusals(9)).toEqual([]);
      await rig.apply(mend);
      await expectEqual();
    });
  });

  describe('a row that is refused', () => {
    beforeEach(async () => {
      await expectEqual();
      await rig.query(`alter table actp_agent_events add constraint no_seven check (seq % 100 <> 7)`);
    });
    afterEach(() => rig.query(`alter table actp_agent_events drop constraint if exists no_seven`));

    it('is set aside after its tries, with its error; the rest goes on; asked for, it is tried again', async () => {
      await world.write(events(1, 300), circuit('a', 1));
      for (let tries = 1; tries <= 4; tries += 1) {
        await world.mirror.pass();
        await world.clock.advance(RETRY_REFUSED_MS);
        await world.mirror.pass();
      }
      expect(await countThere('actp_agent_events')).toBe(297);
      expect(await countThere('actp_circuit_breakers')).toBe(1);
      expect(world.mirror.status()).toMatchObject({ waiting: 0, setAside: 3, lastError: null });
      expect(world.mirror.status().degraded).toMatch(/^3 rows were refused.*POST \/api\/mirror\/retry/);
      const refusals = await world.mirror.refusals(9);
      expect(refusals).toHaveLength(3);
      expect(refusals[0]).toMatchObject({
        table: 'actp_agent_events',
        error: expect.stringMatching(/23514.*no_seven/) as string,
        tries: 4,
        setAside: true,
      });
      await rig.query('alter table actp_agent_events drop constraint no_seven');
      expect(await world.mirror.retry()).toBe(3);
      await expectEqual();
      expect(await world.mirror.refusals(9)).toEqual([]);
    });

    it('is one that is taken and not kept, too', async () => {
      await rig.query(`create function drop_row() returns trigger language plpgsql as 'begin return null; end'`);
      await rig.query(
        'create trigger drop_five before insert on actp_agent_events for each row when (new.seq = 5) execute function drop_row()',
      );
      await world.write(events(1, 6));
      await world.mirror.pass();
      await rig.query('drop function drop_row cascade');
      expect(await world.mirror.refusals(9)).toMatchObject([
        { error: '0 of 1 rows were kept', tries: 1, setAside: false },
      ]);
      await world.clock.advance(RETRY_REFUSED_MS);
      await world.mirror.pass();
      await expectEqual();
    });
  });

  describe('a project that serves another instance', () => {
    it('gets nothing from a second one, which says whose it is', async () => {
      await world.write(events(1, 3));
      await expectEqual();
      const before = await fingerprintThere(rig);
      for (const instance of ['two', 'one']) {
        await emptied(databases[1]!.database);
        const second = await worldOf(1, { instance });
        await second.write(events(1, 2, instance), agent('x', instance), circuit('x', 1, instance));
        rig.requests.length = 0;
        await second.mirror.pass();
        expect(second.mirror.status()).toMatchObject({ state: 'paused', waiting: 4 });
        expect(second.mirror.status().degraded).toMatch(/belongs to the instance one.*RESTORE_FROM=one/);
        expect(rig.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
      }
      expect(await fingerprintThere(rig)).toEqual(before);
      await expectEqual();
    });

    it('is taken by exactly one of two that come at once', async () => {
      const second = await worldOf(1, { instance: 'two' });
      await Promise.all([world.mirror.pass(), second.mirror.pass()]);
      const states = [world, second].map(({ mirror }) => mirror.status().state);
      expect(states.sort()).toEqual(['paused', 'working']);
    });

    it('is written by the one of two copies that was started last, and the other says so', async () => {
      await expectEqual();
      const [copied, copy] = [databases[0]!.database, databases[1]!.database];
      const meta = await copied.read((db) => db.selectFrom('local.meta').selectAll().execute());
      const ids = meta.filter(({ key }) => key === 'writer_id' || key === 'instance_id');
      await copy.transaction(async (tx) => {
        for (const { key, value } of ids)
          await tx
            .insertInto('local.meta')
            .values({ key, value: JSON.stringify(value) })
            .execute();
      });
      const second = await worldOf(1);
      await second.write(circuit('a', 2));
      await expectEqual(second);
      for (let pass = 0; pass < 2; pass += 1) {
        await world.write(circuit('a', 1));
        await expectLater({ state: 'paused' });
        expect(world.mirror.status().degraded).toMatch(/from a copy of our DATA_DIR/);
        await expectEqual(second);
      }
      // A person starts the first one again, and has ended the second one, or not.
      await world.mirror.end();
      await expectEqual(await worldOf(0));
      await second.write(circuit('a', 3));
      await second.mirror.pass();
      expect(second.mirror.status()).toMatchObject({ state: 'paused', waiting: 1 });
    });

    it('can be handed over by a person: the first one notices, and writes nothing more', async () => {
      await world.write(events(1, 3));
      await expectEqual();
      await rig.query('delete from actp_mirror_owner');
      const second = await worldOf(1, { instance: 'two' });
      await second.write(events(1, 2, 'two'));
      await second.mirror.pass();
      await world.write(events(4, 3));
      // It does not know yet that it was relieved: the project refuses what it sends.
      await expectLater({ state: 'paused', waiting: 3 });
      expect(await countThere('actp_agent_events')).toBe(5);
    });

    it('follows an instance that gets another name', async () => {
      await world.write(events(1, 2_100), agent('a'));
      await expectEqual();
      await world.mirror.end();
      await expectEqual(await worldOf(0, { instance: 'new' }));
      expect(await rig.query('select distinct instance from actp_agent_events')).toEqual([{ instance: 'new' }]);
    });
  });
});
