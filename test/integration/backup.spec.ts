import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { isProblem } from '../../src/kernel';
import { BACKUPS, Database, InstanceIdentity, restoreBackup, writeBackup } from '../../src/persistence';
import { LOCAL_STEPS } from '../../src/persistence/local-schema';
import { migrateTo } from '../../src/persistence/migrator';
import { readMigrations } from '../../src/persistence';
import { parseBackup } from '../../src/persistence/backup';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { FakeClock } from '../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

const EVENTS = 1_203;
const UUID = '00000000-0000-4000-8000-';

describe('a backup', () => {
  const clock = new FakeClock();
  let source: TestDatabase;
  let folder: TempFolder;
  let file: string;

  beforeAll(async () => {
    folder = makeTempFolder();
    source = await openTestDatabase();
    await fill(source.database);
    file = await writeBackup(source.database, folder.at(BACKUPS), clock);
  });

  afterAll(async () => {
    await source.destroy();
    folder.remove();
  });

  const restoreInto = (name: string) => restoreBackup(file, folder.folder(name), clock);

  async function rowsIn(dataDir: string): Promise<unknown> {
    const database = await Database.open(path.join(folder.at(dataDir), 'db'));
    try {
      return await everything(database);
    } finally {
      await database.close();
    }
  }

  it('restored into an empty folder is equal row by row, in every table that there is', async () => {
    expect(await restoreInto('empty')).toMatchObject({ movedTo: null });
    const before = await everything(source.database);
    expect(Object.values(before).filter((rows) => rows.length === 0)).toEqual([]);
    expect(await rowsIn('empty')).toEqual(before);
    expect(readdirSync(folder.at('empty'))).toEqual(['db']);
  });

  it('restored is another writer, which takes the place of the one that it came from', async () => {
    await restoreInto('writer');
    const database = await Database.open(folder.at('writer/db'));
    const identity = await InstanceIdentity.read(database, undefined);
    await database.close();
    expect(identity).toMatchObject({ id: 'test', successorOf: 'test' });
    expect(identity.writer).not.toBe(source.instance.writer);
  });

  it('is for nobody else to read, and leaves no draft', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });

  it('moves the database aside that is there, and deletes nothing', async () => {
    folder.file('full/db/PG_VERSION', '18');
    const { movedTo } = await restoreInto('full');
    expect(readFileSync(path.join(movedTo ?? '', 'PG_VERSION'), 'utf8')).toBe('18');
    expect(await rowsIn('full')).toEqual(await everything(source.database));
  });

  it('that was killed at its last step is finished by the next start', async () => {
    await restoreInto('killed');
    const { renameSync } = await import('node:fs');
    renameSync(folder.at('killed/db'), folder.at('killed/db.restored'));
    expect(await rowsIn('killed')).toEqual(await everything(source.database));
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['damaged', (text) => text.slice(0, -20), /no whole backup/],
    ['of a newer program', (text) => text.replace('"local-0001', '"local-9999'), /local-9999.*knows up to/],
    [
      'whose rows do not fit',
      (text) => text.replaceAll('"desired_state": "stopped"', '"desired_state": "x"'),
      /cannot be restored/,
    ],
  ])('one %s is refused, and everything stays as it was', async (name, damage, said) => {
    const other = folder.file(`${name}.json`, damage(readFileSync(file, 'utf8')));
    mkdirSync(folder.at(`at ${name}/db`), { recursive: true });
    writeFileSync(folder.at(`at ${name}/db/mine`), 'as it was');
    const error = await restoreBackup(other, folder.at(`at ${name}`), clock).catch((thrown: unknown) => thrown);
    expect(isProblem(error) ? error.detail : error).toMatch(said);
    expect(readdirSync(folder.at(`at ${name}`))).toEqual(['db']);
    expect(readFileSync(folder.at(`at ${name}/db/mine`), 'utf8')).toBe('as it was');
  });

  it('of an older program is loaded into its schema, and brought up to date', async () => {
    const names = [...readMigrations(), ...LOCAL_STEPS].map(({ name }) => name);
    const missing = names.filter((name) => /mirror_owner|mirror_epoch|outbox/.test(name));
    const old = await Database.open(folder.at('old/db'), {
      prepare: (connection) =>
        migrateTo(
          connection,
          names.filter((name) => !missing.includes(name)),
        ),
    });
    await old.transaction((tx) =>
      tx.insertInto('local.agent_env').values({ agent_id: 'a', env: '{"A":"1"}' }).execute(),
    );
    // It knows nothing of a mirror yet.
    const made = await writeBackup(old, folder.at('old/backups'), clock);
    await old.close();
    for (const name of missing) expect(readFileSync(made, 'utf8')).not.toContain(name);
    await restoreBackup(made, folder.folder('new'), clock);
    const rows = (await rowsIn('new')) as Record<string, unknown[]>;
    expect(rows['local.agent_env']).toHaveLength(1);
    expect(rows['public.actp_mirror_owner']).toEqual([]);
  });

  it('only the last seven are kept, and nothing but backups of ours is removed', async () => {
    const many = folder.folder('many');
    writeFileSync(path.join(many, 'backup-mine.json'), 'mine');
    const made: string[] = [];
    for (let count = 0; count < 9; count += 1) {
      await clock.advance(1_000);
      made.push(path.basename(await writeBackup(source.database, many, clock)));
    }
    expect(readdirSync(many).sort()).toEqual([...made.slice(-7), 'backup-mine.json'].sort());
  });

  it('made while much is written is of one moment', async () => {
    const { database, destroy } = await openTestDatabase();
    await fill(database);
    const until = { isMade: false };
    const writing = (async () => {
      for (let seq = EVENTS + 1; !until.isMade; seq += 1) {
        await database.transaction(async (tx) => {
          await sql`insert into actp_agent_events (id, instance, seq, type, data, occurred_at)
            values (gen_random_uuid(), 'test', ${seq}, 'agent.spawned', '{}', now())`.execute(tx);
          await sql`insert into actp_agent_restarts (id, instance, agent_id, reason, success, restarted_at)
            values (gen_random_uuid(), 'test', 'a', 'during', true, now())`.execute(tx);
          await sql`update local.meta set value = to_jsonb(${seq}::int) where key = 'event_seq'`.execute(tx);
        });
      }
    })();
    const { tables } = parseBackup(readFileSync(await writeBackup(database, folder.at('busy'), clock), 'utf8'), 'it');
    until.isMade = true;
    await writing;
    await destroy();
    const seq = tables['local.meta']?.find((row) => row.key === 'event_seq')?.value;
    const during = tables['public.actp_agent_restarts']?.filter((row) => row.reason === 'during');
    expect(tables['public.actp_agent_events']).toHaveLength(Number(seq));
    expect(during).toHaveLength(Number(seq) - EVENTS);
  });

  it('that cannot be made leaves no half file', async () => {
    const away = folder.folder('away');
    const failing = Object.assign(Object.create(source.database) as Database, {
      read: () => Promise.reject(new Error('the database is away')),
    });
    await expect(writeBackup(failing, away, clock)).rejects.toThrow('away');
    expect(readdirSync(away)).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });
});

async function fill(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`insert into actp_agent_registry (id, instance, agent_id, name, tags, policy, registered_at, updated_at)
      values (${`${UUID}000000000001`}, 'test', 'ä-"1"', 'Zeile\nzwei', '["x"]', '{"a": {"b": [1.5, null]}}',
      '2026-01-02 03:04:05.123456+02', now())`.execute(tx);
    await sql`insert into actp_circuit_breakers (agent_id, instance, state, recent_failures, cooldown_ms, updated_at)
      values ('a', 'test', 'OPEN', '[1.25, 2]', 0.1, now())`.execute(tx);
    await sql`insert into actp_mirror_owner (instance, writer, claimed_at)
      values ('test', ${`${UUID}000000000002`}, now())`.execute(tx);
    await sql`insert into local.supervision (agent_id, state) values ('a', '{"phase": {"kind": "stopped"}}')`.execute(
      tx,
    );
    await sql`insert into local.heartbeat (agent_id, announced) values ('a', null), ('b', '{"endpoint": null}')`.execute(
      tx,
    );
    await sql`insert into local.token_use (agent_id, use) values ('a', '{"counter": null, "buckets": []}')`.execute(tx);
    await sql`insert into local.notice (id, incident_id, kind, body, created_at) values ('n', 'i', 'recovered', '{}', 1.5)`.execute(
      tx,
    );
    await sql`insert into local.agent_env (agent_id, env) values ('a', '{"KEY": "ge\\"heim\\n"}')`.execute(tx);
    await sql`insert into actp_agent_restarts (id, instance, agent_id, reason, success, restarted_at)
      select (${UUID} || lpad(n::text, 12, '0'))::uuid, 'test', 'a', 'r', true, timestamptz '2026-01-01' + (n / 600) * interval '1 s'
      from generate_series(1, 1100) n`.execute(tx);
    await sql`insert into actp_agent_health_log (id, instance, agent_id, health_score, response_ms, checked_at)
      values (gen_random_uuid(), 'test', 'a', 99, 0.1, now())`.execute(tx);
    await sql`insert into actp_agent_events (id, instance, seq, type, data, occurred_at)
      select gen_random_uuid(), 'test', n, 'agent.spawned', '{}', now() from generate_series(1, ${EVENTS}::int) n`.execute(
      tx,
    );
    await sql`update local.meta set value = to_jsonb(${EVENTS}::int) where key = 'event_seq'`.execute(tx);
  });
}

/** What is of a mirror is made anew: a restored database is another writer, and is compared with what stands there. */
const OF_THE_MIRROR = ['outbox', 'mirror', 'mirror_refusal'];
const isOfTheWriter = (row: string) => /"key": "(?:writer_id|successor_of)"/.test(row);

/** Of what was restored it is known that it was; all else has to be equal. */
const asSaved = (row: string) => row.replace('"is_restored": true', '"is_restored": false');

/** Every row of every table, as Postgres itself writes it. */
async function everything(database: Database): Promise<Record<string, unknown[]>> {
  return database.read(async (db) => {
    const tables = await sql<{ name: string }>`select schemaname || '.' || tablename as name from pg_tables
      where schemaname in ('public', 'local') and tablename <> 'applied_migration'
        and tablename <> all(${OF_THE_MIRROR}) order by 1`.execute(db);
    const rows: Record<string, unknown[]> = {};
    for (const { name } of tables.rows) {
      const all = await sql<{
        row: string;
      }>`select to_jsonb(t)::text as row from ${sql.table(name)} t order by 1`.execute(db);
      rows[name] = all.rows.map(({ row }) => asSaved(row)).filter((row) => !isOfTheWriter(row));
    }
    return rows;
  });
}
