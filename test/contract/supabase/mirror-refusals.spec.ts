import { describeMirror } from '../../support/mirror-suite';
import { circuit, events, restarts } from '../../support/mirror-world';

const RETRY_REFUSED_MS = 10_000;
/** Time for which a check of the owner stays valid. */
const TRUSTED_MS = 10_000;

describeMirror('the mirror', (suite) => {
  describe('an outdated schema', () => {
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
        'a table of a later migration',
        'alter table actp_mirror_owner rename to elsewhere',
        'alter table elsewhere rename to actp_mirror_owner',
        '20260101000007_mirror_owner',
      ],
      [
        'a column of a later migration',
        'alter table actp_mirror_owner rename epoch to elsewhere',
        'alter table actp_mirror_owner rename elsewhere to epoch',
        '20260101000008_mirror_epoch',
      ],
    ])('(%s) pauses the mirror, names the migration to push, and blames no row', async (_, spoil, mend, migration) => {
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

  describe('a refused row', () => {
    beforeEach(async () => {
      await suite.expectEqual();
      await suite.rig.query(`alter table actp_agent_events add constraint no_seven check (seq % 100 <> 7)`);
    });
    afterEach(() => suite.rig.query(`alter table actp_agent_events drop constraint if exists no_seven`));

    it('is set aside with its error after four tries, without delaying other rows, and is retried on request', async () => {
      await suite.world.write(events(1, 300), circuit('a', 1));
      for (let tries = 1; tries <= 4; tries += 1) {
        await suite.world.mirror.pass();
        await suite.world.clock.advance(RETRY_REFUSED_MS);
        await suite.world.mirror.pass();
      }
      expect(await suite.countThere('actp_agent_events')).toBe(297);
      expect(await suite.countThere('actp_circuit_breakers')).toBe(1);
      expect(suite.world.mirror.status()).toMatchObject({ waiting: 0, setAside: 3, lastError: null });
      expect(suite.world.mirror.status().degraded).toMatch(/^Supabase refused 3 rows.*POST \/api\/mirror\/retry/);
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

    it('may also be a row that Supabase accepts but does not store', async () => {
      await suite.rig.query(`create function drop_row() returns trigger language plpgsql as 'begin return null; end'`);
      await suite.rig.query(
        'create trigger drop_five before insert on actp_agent_events for each row when (new.seq = 5) execute function drop_row()',
      );
      await suite.world.write(events(1, 6));
      await suite.world.mirror.pass();
      await suite.rig.query('drop function drop_row cascade');
      expect(await suite.world.mirror.refusals(9)).toMatchObject([
        { error: 'Supabase stored 0 of 1 rows', tries: 1, setAside: false },
      ]);
      await suite.world.clock.advance(RETRY_REFUSED_MS);
      await suite.world.mirror.pass();
      await suite.expectEqual();
    });
  });
});
