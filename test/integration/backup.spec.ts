import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'kysely';
import { isProblem } from '../../src/kernel';
import { BACKUPS, Database, InstanceIdentity, readMigrations, restoreBackup, writeBackup } from '../../src/persistence';
import { LOCAL_STEPS } from '../../src/persistence/database/local-schema';
import { migrateTo } from '../../src/persistence/database/migrator';
import { parseBackup } from '../../src/persistence/backup/backup-file';
import { EVENTS, readEveryRow, fillEveryTable } from '../support/backed-up-rows';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { FakeClock } from '../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

describe('a backup', () => {
  const clock = new FakeClock();
  let source: TestDatabase;
  let folder: TempFolder;
  let file: string;

  beforeAll(async () => {
    folder = makeTempFolder();
    source = await openTestDatabase();
    await fillEveryTable(source.database);
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
      return await readEveryRow(database);
    } finally {
      await database.close();
    }
  }

  it('restores every row of every table into an empty folder', async () => {
    expect(await restoreInto('empty')).toMatchObject({ movedTo: null });
    const before = await readEveryRow(source.database);
    expect(Object.values(before).filter((rows) => rows.length === 0)).toEqual([]);
    expect(await rowsIn('empty')).toEqual(before);
    expect(readdirSync(folder.at('empty'))).toEqual(['db']);
  });

  it('restores as a new writer, which succeeds the one that made it', async () => {
    await restoreInto('writer');
    const database = await Database.open(folder.at('writer/db'));
    const identity = await InstanceIdentity.read(database, undefined);
    await database.close();
    expect(identity).toMatchObject({ id: 'test', successorOf: 'test' });
    expect(identity.writer).not.toBe(source.instance.writer);
  });

  it('is readable only by its owner, and leaves no draft', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });

  it('moves an existing database aside, and deletes nothing', async () => {
    folder.file('full/db/PG_VERSION', '18');
    const { movedTo } = await restoreInto('full');
    expect(readFileSync(path.join(movedTo ?? '', 'PG_VERSION'), 'utf8')).toBe('18');
    expect(await rowsIn('full')).toEqual(await readEveryRow(source.database));
  });

  it('is completed by the next start if its restore was killed at the last step', async () => {
    await restoreInto('killed');
    const { renameSync } = await import('node:fs');
    renameSync(folder.at('killed/db'), folder.at('killed/db.restored'));
    expect(await rowsIn('killed')).toEqual(await readEveryRow(source.database));
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['is damaged', (text) => text.slice(0, -20), /not a complete backup/],
    ['is newer than the program', (text) => text.replace('"local-0001', '"local-9999'), /local-9999.*knows up to/],
    [
      'has invalid rows',
      (text) => text.replaceAll('"desired_state": "stopped"', '"desired_state": "x"'),
      /cannot be restored/,
    ],
  ])('is refused if it %s, and nothing changes', async (name, damage, error) => {
    const other = folder.file(`${name}.json`, damage(readFileSync(file, 'utf8')));
    mkdirSync(folder.at(`at ${name}/db`), { recursive: true });
    writeFileSync(folder.at(`at ${name}/db/mine`), 'unchanged');
    const thrown = await restoreBackup(other, folder.at(`at ${name}`), clock).catch((reason: unknown) => reason);
    expect(isProblem(thrown) ? thrown.detail : thrown).toMatch(error);
    expect(readdirSync(folder.at(`at ${name}`))).toEqual(['db']);
    expect(readFileSync(folder.at(`at ${name}/db/mine`), 'utf8')).toBe('unchanged');
  });

  it('of an older program is loaded into its own schema, and then migrated', async () => {
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
    // Its schema has no mirror yet.
    const made = await writeBackup(old, folder.at('old/backups'), clock);
    await old.close();
    for (const name of missing) expect(readFileSync(made, 'utf8')).not.toContain(name);
    await restoreBackup(made, folder.folder('new'), clock);
    const rows = (await rowsIn('new')) as Record<string, unknown[]>;
    expect(rows['local.agent_env']).toHaveLength(1);
    expect(rows['public.actp_mirror_owner']).toEqual([]);
  });

  it('deletes backups before the last seven, and no other file', async () => {
    const many = folder.folder('many');
    writeFileSync(path.join(many, 'backup-mine.json'), 'mine');
    const made: string[] = [];
    for (let count = 0; count < 9; count += 1) {
      await clock.advance(1_000);
      made.push(path.basename(await writeBackup(source.database, many, clock)));
    }
    expect(readdirSync(many).sort()).toEqual([...made.slice(-7), 'backup-mine.json'].sort());
  });

  it('is consistent if made during writes', async () => {
    const { database, destroy } = await openTestDatabase();
    await fillEveryTable(database);
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

  it('leaves no partial file if it fails', async () => {
    const target = folder.folder('failed');
    const failing = Object.assign(Object.create(source.database) as Database, {
      read: () => Promise.reject(new Error('the database is unavailable')),
    });
    await expect(writeBackup(failing, target, clock)).rejects.toThrow('unavailable');
    expect(readdirSync(target)).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });
});
