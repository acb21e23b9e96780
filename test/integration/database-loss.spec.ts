import { sql } from 'kysely';
import { doubtOf, Database, type Tx } from '../../src/persistence';
import { EmbeddedPostgres } from '../../src/persistence/database/embedded-postgres';
import { openEmptyDatabase } from '../support/database';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';
import { until } from '../support/until';

/** Longer than the limits below, after which the sleeping thread is terminated. */
const SLEEP = sql`select pg_sleep(60)`;
const LIMITS = { timeoutMs: 2_000, hangMs: 4_000 };

const insert = (tx: Tx, agentId: string) =>
  tx.insertInto('local.agent_env').values({ agent_id: agentId, env: '{}' }).execute();

describe('a hung engine', () => {
  let empty: Awaited<ReturnType<typeof openEmptyDatabase>>;
  let database: Database;

  beforeAll(async () => {
    empty = await openEmptyDatabase(LIMITS);
    ({ database } = empty);
  });
  afterAll(() => empty.destroy());

  const saved = () =>
    database.read(async (db) => {
      const rows = await db.selectFrom('local.agent_env').select('agent_id').orderBy('agent_id').execute();
      return rows.map((row) => row.agent_id);
    });

  const untilOpen = () => until(() => database.ping().then(() => true), 'the engine is open again', 60_000);

  it('is terminated and reopened with what was saved, and without what was refused', async () => {
    await database.transaction((tx) => insert(tx, 'kept'));
    const hung = database.transaction(async (tx) => {
      await insert(tx, 'refused');
      await SLEEP.execute(tx);
    });
    await expect(hung).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(database.lastError).not.toBeNull();
    await untilOpen();
    expect(database.lastError).toBeNull();
    expect(await saved()).toEqual(['kept']);
  });

  it('in a commit reports to the caller that nothing was saved', async () => {
    // A deferred constraint that is checked during the commit, and hangs there.
    await database.transaction(async (tx) => {
      await sql`create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return null; end $$`.execute(
        tx,
      );
      await sql`create constraint trigger lingers after insert on local.agent_env initially deferred for each row execute function linger()`.execute(
        tx,
      );
    });
    const error = await database.transaction((tx) => insert(tx, 'hung')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'database-unavailable' });
    const doubt = doubtOf(error);
    if (doubt !== null) expect(await doubt.outcome).toBe(false);
    await untilOpen();
    expect(await saved()).toEqual(['kept']);
    await database.transaction((tx) => sql`drop trigger lingers on local.agent_env`.execute(tx));
  });

  it('never continues a transaction in the engine that replaces it', async () => {
    let resume = (): void => undefined;
    const gate = new Promise<void>((resolve) => (resume = resolve));
    const straddling = database.transaction(async (tx) => {
      await insert(tx, 'before');
      await SLEEP.execute(tx).catch(() => undefined);
      await gate;
      await insert(tx, 'after');
    });
    await expect(straddling).rejects.toMatchObject({ code: 'database-unavailable' });
    resume();
    await untilOpen();
    expect(await saved()).toEqual(['kept']);
  });
});

describe('a commit in doubt', () => {
  let folder: TempFolder;
  let engine: EmbeddedPostgres;

  beforeAll(async () => {
    folder = makeTempFolder();
    engine = await EmbeddedPostgres.open(folder.at('db'), 1_000, {
      onLost: () => undefined,
      onReopened: () => undefined,
    });
  });
  afterAll(async () => {
    await engine.close();
    folder.remove();
  });

  const transaction = async (end: 'commit' | 'rollback') => {
    const connection = engine.connection();
    await connection.exec('begin; insert into written values (1)');
    const { rows } = await connection.query('select pg_current_xact_id()::text as id');
    await connection.exec(end);
    return String(rows[0]?.id);
  };

  it('is looked up in the log before its transaction id is reused', async () => {
    await engine.connection().exec('create table written (number integer)');
    const [committed, rolledBack] = [await transaction('commit'), await transaction('rollback')];
    const neverWritten = String(Number(rolledBack) + 1_000);
    const outcomes = Promise.all([committed, rolledBack, neverWritten].map((id) => engine.outcomeOf(id)));
    await expect(engine.connection().query('select pg_sleep(60)')).rejects.toThrow('no answer within');
    expect(await outcomes).toEqual([true, false, false]);
  });
});
