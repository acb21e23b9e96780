import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Database, restoreBackup, writeBackup } from '../../../src/persistence';
import { SupabaseProject } from '../../../src/persistence/mirror/supabase-project';
import { describeMirror } from '../../support/mirror-suite';
import {
  agent,
  checks,
  circuit,
  events,
  fingerprintHere,
  fingerprintThere,
  makeMirrorWorld,
  restarts,
} from '../../support/mirror-world';
import type { Answer } from '../../support/supabase-rig';
import { makeTempFolder } from '../../support/temp-folder';
import { until } from '../../support/until';

const RETRY_REFUSED_MS = 10_000;
/** How long it relies on being the owner. */
const TRUSTED_MS = 10_000;

describeMirror('the mirror', (suite, kind) => {
  describe('brings', () => {
    it('every change of each table, deletes among them', async () => {
      await suite.world.write(agent('a'), agent('b'), events(1, 1_203), checks(700), restarts(3), circuit('a', 1));
      await suite.world.write(circuit('b', 2));
      await suite.expectEqual();
      await suite.world.write(
        `update actp_agent_registry set name = 'anew' where agent_id = 'a'`,
        `delete from actp_agent_registry where agent_id = 'b'`,
        `delete from actp_circuit_breakers where agent_id = 'b'`,
        `delete from actp_agent_health_log where health_score < 90`,
        `delete from actp_agent_events where seq <= 600`,
        // Registered anew: another row with the id of one that is gone.
        agent('b'),
        circuit('a', 5),
      );
      await suite.expectEqual();
      expect(await suite.countThere('actp_agent_events')).toBe(603);
    });

    it('rows of one table together, at most 500, each once', async () => {
      await suite.expectEqual();
      suite.rig.requests.length = 0;
      for (let batch = 0; batch < 11; batch += 1)
        await suite.world.write(events(1 + batch * 100, 100), circuit(`a${batch}`, 1));
      await suite.expectEqual();
      const sent = suite.rig.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body) as unknown[]);
      expect(sent.flat()).toHaveLength(1_111);
      expect(sent.length).toBeLessThanOrEqual(6);
      expect(Math.max(...sent.map((rows) => rows.length))).toBeLessThanOrEqual(500);
    });

    it('what was there before there was a mirror, and takes away what is of the seed', async () => {
      await suite.world.mirror.end();
      await suite.rig.query(events(1, 3, 'seed'));
      await suite.rig.query(agent('a', 'seed'));
      await suite.world.write(`delete from local.mirror`, agent('a'), events(1, 1_700), checks(20));
      // As at a start of a program that had no mirror: nothing was noted.
      await suite.world.write('truncate local.outbox');
      await suite.expectEqual(await suite.worldOf(0));
    });

    it('health checks that were left out while much waited', async () => {
      suite.rig.fault = () => 'reset';
      await suite.world.write(events(1, 10_100), checks(30));
      await suite.world.write(checks(40), 'delete from actp_agent_health_log where health_score = 3');
      await suite.expectLater({ state: 'waiting', waiting: 10_100 });
      suite.rig.fault = () => null;
      await suite.expectEqual();
    });

    // Once is enough: it says nothing of the other side.
    const itOnPglite = kind === 'pglite' ? it : it.skip;
    itOnPglite(
      'what a backup brings back: what came after it is gone there too, and its numbers are free',
      async () => {
        const folder = makeTempFolder();
        await suite.world.write(
          events(1, 5),
          agent('a'),
          circuit('a', 1),
          `update local.meta set value = '5' where key = 'event_seq'`,
        );
        const file = await writeBackup(suite.world.database, folder.at('backups'), suite.world.clock);
        await suite.world.write(events(6, 700), circuit('b', 1), `update actp_agent_registry set name = 'later'`);
        await suite.expectEqual();
        await restoreBackup(file, folder.root, suite.world.clock);
        const database = await Database.open(folder.at('db'));
        const restored = await makeMirrorWorld({ url: suite.rig.url, key: suite.rig.serviceKey, database });
        suite.ends(restored);
        await restored.write(events(6, 3));
        await suite.expectEqual(restored);
        expect(await suite.countThere('actp_agent_events')).toBe(8);
        // The one that it came from, should it still run, has lost its place.
        await suite.world.write(events(706, 1));
        await suite.expectLater({ state: 'paused' });
        await database.close();
        folder.remove();
      },
    );

    it('a change that is overtaken while it is being sent', async () => {
      await suite.world.write(circuit('a', 1));
      let isFirst = true;
      suite.rig.fault = async ({ method, path }) => {
        if (method === 'POST' && path.includes('circuit') && isFirst) {
          isFirst = false;
          await suite.world.write(circuit('a', 2), agent('b'));
        }
        return null;
      };
      await suite.expectEqual();
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
      await suite.expectEqual();
      await suite.world.write(events(1, 700), circuit('a', 1));
      suite.rig.fault = ({ method }) => (method === 'POST' ? answer : null);
      await suite.expectLater({ state: 'waiting', lastError: expect.stringMatching(said) as string });
      expect(await suite.world.mirror.refusals(9)).toEqual([]);
      suite.rig.fault = () => null;
      await suite.expectEqual();
    });

    it.each<[string, boolean]>([
      ['after others that were sent since', false],
      ['after the death of who sent it', true],
    ])('one that takes a request %s refuses it: what is old never comes back', async (_, isNewProcess) => {
      await suite.world.write(circuit('a', 1));
      await suite.expectEqual();
      // A request of each kind is given up, and is under way still.
      suite.rig.fault = ({ method }) => (method === 'GET' || method === 'PATCH' ? null : 'late');
      await suite.world.write(`delete from actp_circuit_breakers`);
      await suite.expectLater({ state: 'waiting', waiting: 1 });
      await suite.world.write(agent('late'));
      await suite.expectLater({ state: 'waiting', waiting: 2 });
      await suite.world.write(`delete from actp_agent_registry`, circuit('a', 2));
      if (isNewProcess) await suite.world.mirror.end();
      const now = isNewProcess ? await suite.worldOf(0) : suite.world;
      suite.rig.fault = () => null;
      await suite.expectEqual(now);
      expect(await suite.rig.deliverLate()).toEqual([409, 409]);
      expect(await fingerprintThere(suite.rig)).toEqual(await fingerprintHere(now.database));
      expect(await suite.countThere('actp_circuit_breakers')).toBe(1);
      await now.write(events(1, 3));
      await suite.expectEqual(now);
    });

    it('one whose database is killed, and comes back', async () => {
      await suite.expectEqual();
      await suite.world.write(events(1, 10));
      await suite.rig.killDatabase();
      await suite.expectLater({ state: 'waiting', waiting: 10 });
      await suite.rig.restart();
      await suite.expectEqual();
    });

    it('one that never answers is given up after its time, and nothing waits for it', async () => {
      suite.rig.fault = () => 'hang';
      const project = new SupabaseProject({ url: suite.rig.url, key: suite.rig.serviceKey, timeoutMs: 200 });
      expect(await project.owner()).toEqual({ kind: 'away', error: 'no answer within 0.2 s' });
      let cut: (why: Error) => void = () => undefined;
      let isHeld = false;
      suite.rig.fault = () =>
        new Promise((_, reject) => {
          isHeld = true;
          cut = reject;
        });
      const pass = suite.world.mirror.pass();
      await until(() => isHeld, 'a request hangs');
      // The database is ours all the while, and the end of the service too.
      await suite.world.write(events(1, 3));
      const ended = suite.world.mirror.end();
      await suite.world.clock.advance(2_000);
      await ended;
      cut(new Error('cut by the test'));
      await pass;
      expect((await suite.worldOf(0)).mirror.status()).toMatchObject({ lastError: null });
    });

    it('one that leads elsewhere is not followed: the key goes nowhere', async () => {
      let asked = 0;
      const elsewhere = createServer((_, response) => {
        asked += 1;
        response.end();
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const { port } = elsewhere.address() as AddressInfo;
      suite.rig.fault = () => ({ status: 307, headers: { location: `http://127.0.0.1:${port}/` }, body: '' });
      await suite.expectLater({ state: 'waiting', lastError: expect.stringContaining('fetch failed') as string });
      expect(asked).toBe(0);
      await new Promise((resolve) => elsewhere.close(resolve));
    });

    it('one with another key: nothing is lost, and it says what to check', async () => {
      const key = suite.rig.token('service_role', { secret: 'another secret that is long enough for this' });
      const wrong = await suite.worldOf(1, { key });
      await wrong.write(events(1, 3));
      await wrong.mirror.pass();
      expect(wrong.mirror.status()).toMatchObject({ state: 'waiting', waiting: 3 });
      expect(wrong.mirror.status().degraded).toMatch(/401 PGRST301.*Check SUPABASE_SERVICE_ROLE_KEY/);
      expect(JSON.stringify(wrong.mirror.status())).not.toContain(key);
    });

    it('one that is given the key of a browser', async () => {
      const wrong = await suite.worldOf(1, { key: suite.rig.anonKey });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/42501.*Check SUPABASE_SERVICE_ROLE_KEY/);
    });

    it('one whose clock or ours is wrong', async () => {
      await suite.world.write(events(1, 3));
      const ahead = Math.floor(Date.now() / 1_000) + 86_400;
      const key = suite.rig.token('service_role', { issuedAt: ahead, expiresAt: ahead + 3_600 });
      const wrong = await suite.worldOf(1, { key });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/401.*Check SUPABASE_SERVICE_ROLE_KEY/);
      for (const days of [400, -800]) {
        suite.world.clock.setWallBy(days * 86_400_000);
        await suite.world.write(circuit('a', days + 1_000));
        expect(suite.world.mirror.status().lagSeconds).toBeGreaterThanOrEqual(0);
        await suite.expectEqual();
      }
    });

    it('one that takes only small requests gets smaller ones', async () => {
      suite.rig.fault = ({ method, body }) =>
        method === 'POST' && body.length > 20_000 ? { status: 413, body: '<html>' } : null;
      await suite.world.write(events(1, 600));
      await suite.expectEqual();
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
      await suite.expectEqual();
      await suite.rig.apply(spoil);
      await suite.world.write(restarts(3), events(1, 3));
      await suite.world.clock.advance(TRUSTED_MS);
      await suite.expectLater({ state: 'paused' });
      expect(suite.world.mirror.status().degraded).toContain(`push supabase/migrations/${migration}.sql`);
      expect(await suite.world.mirror.refusals(9)).toEqual([]);
      await suite.rig.apply(mend);
      await suite.expectEqual();
    });
  });

  describe('a row that is refused', () => {
    beforeEach(async () => {
      await suite.expectEqual();
      await suite.rig.query(`alter table actp_agent_events add constraint no_seven check (seq % 100 <> 7)`);
    });
    afterEach(() => suite.rig.query(`alter table actp_agent_events drop constraint if exists no_seven`));

    it('is set aside after its tries, with its error; the rest goes on; asked for, it is tried again', async () => {
      await suite.world.write(events(1, 300), circuit('a', 1));
      for (let tries = 1; tries <= 4; tries += 1) {
        await suite.world.mirror.pass();
        await suite.world.clock.advance(RETRY_REFUSED_MS);
        await suite.world.mirror.pass();
      }
      expect(await suite.countThere('actp_agent_events')).toBe(297);
      expect(await suite.countThere('actp_circuit_breakers')).toBe(1);
      expect(suite.world.mirror.status()).toMatchObject({ waiting: 0, setAside: 3, lastError: null });
      expect(suite.world.mirror.status().degraded).toMatch(/^3 rows were refused.*POST \/api\/mirror\/retry/);
      const refusals = await suite.world.mirror.refusals(9);
      expect(refusals).toHaveLength(3);
      expect(refusals[0]).toMatchObject({
        table: 'actp_agent_events',
        error: expect.stringMatching(/23514.*no_seven/) as string,
        tries: 4,
        setAside: true,
      });
      await suite.rig.query('alter table actp_agent_events drop constraint no_seven');
      expect(await suite.world.mirror.retry()).toBe(3);
      await suite.expectEqual();
      expect(await suite.world.mirror.refusals(9)).toEqual([]);
    });

    it('is one that is taken and not kept, too', async () => {
      await suite.rig.query(`create function drop_row() returns trigger language plpgsql as 'begin return null; end'`);
      await suite.rig.query(
        'create trigger drop_five before insert on actp_agent_events for each row when (new.seq = 5) execute function drop_row()',
      );
      await suite.world.write(events(1, 6));
      await suite.world.mirror.pass();
      await suite.rig.query('drop function drop_row cascade');
      expect(await suite.world.mirror.refusals(9)).toMatchObject([
        { error: '0 of 1 rows were kept', tries: 1, setAside: false },
      ]);
      await suite.world.clock.advance(RETRY_REFUSED_MS);
      await suite.world.mirror.pass();
      await suite.expectEqual();
    });
  });
});
