import { Database, restoreBackup, writeBackup } from '../../../src/persistence';
import { describeMirror } from '../../support/mirror-suite';
import { agent, checks, circuit, events, makeMirrorWorld, restarts } from '../../support/mirror-world';
import { makeTempFolder } from '../../support/temp-folder';

describeMirror('the mirror', (suite, kind) => {
  describe('uploads', () => {
    it('every change of each table, including deletes', async () => {
      await suite.world.write(agent('a'), agent('b'), events(1, 1_203), checks(700), restarts(3), circuit('a', 1));
      await suite.world.write(circuit('b', 2));
      await suite.expectEqual();
      await suite.world.write(
        `update actp_agent_registry set name = 'renamed' where agent_id = 'a'`,
        `delete from actp_agent_registry where agent_id = 'b'`,
        `delete from actp_circuit_breakers where agent_id = 'b'`,
        `delete from actp_agent_health_log where health_score < 90`,
        `delete from actp_agent_events where seq <= 600`,
        // Registered again: another row with the agent id of a deleted one.
        agent('b'),
        circuit('a', 5),
      );
      await suite.expectEqual();
      expect(await suite.countThere('actp_agent_events')).toBe(603);
    });

    it('the rows of one table together, at most 500, each once', async () => {
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

    it('rows from before the mirror was configured, and removes the rows of the seed', async () => {
      await suite.world.mirror.end();
      await suite.rig.query(events(1, 3, 'seed'));
      await suite.rig.query(agent('a', 'seed'));
      await suite.world.write(`delete from local.mirror`, agent('a'), events(1, 1_700), checks(20));
      // As at a start that had no mirror before: nothing was noted.
      await suite.world.write('truncate local.outbox');
      await suite.expectEqual(await suite.worldOf(0));
    });

    it('rows that waited before the first pass, each event once', async () => {
      await suite.world.write(agent('a'), events(1, 700), restarts(5));
      await suite.expectEqual();
      const uploads = suite.rig.requests.filter(({ method, path }) => method === 'POST' && path.includes('events'));
      const sent = uploads.flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id));
      expect(sent).toHaveLength(700);
      expect(new Set(sent).size).toBe(700);
    });

    it('health checks that were not noted while many changes waited', async () => {
      suite.rig.fault = () => 'reset';
      await suite.world.write(events(1, 10_100), checks(30));
      await suite.world.write(checks(40), 'delete from actp_agent_health_log where health_score = 3');
      await suite.expectLater({ state: 'waiting', waiting: 10_100 });
      suite.rig.fault = () => null;
      await suite.expectEqual();
    });

    // Runs on one kind of database only: it does not depend on the remote side.
    const itOnPglite = kind === 'pglite' ? it : it.skip;
    itOnPglite('the state of a restored backup, and removes the rows that are newer than it', async () => {
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
      // The instance that it came from, if still running, loses ownership.
      await suite.world.write(events(706, 1));
      await suite.expectLater({ state: 'paused' });
      await database.close();
      folder.remove();
    });

    it('the later state of a row that changes during its upload', async () => {
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

    it.each([1, 2, 3, 4])('a change that is saved after read %i of an earlier pass', async (read) => {
      const { mirror, database, write } = suite.world;
      await suite.expectEqual();
      const readNow = database.read.bind(database);
      const later: Promise<void>[] = [];
      let reads = 0;
      const spy = jest.spyOn(database, 'read').mockImplementation(async (work) => {
        const result = await readNow(work);
        reads += 1;
        if (reads === read) {
          await write(events(1, 1));
          later.push(mirror.pass());
        }
        return result;
      });
      await mirror.pass();
      await Promise.all(later);
      spy.mockRestore();
      expect(later).toHaveLength(1);
      expect(await suite.countThere('actp_agent_events')).toBe(1);
      await suite.expectEqual();
    });
  });
});
