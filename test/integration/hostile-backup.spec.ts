import { readdirSync, readFileSync } from 'node:fs';
import { isProblem } from '../../src/kernel';
import { restoreBackup, writeBackup } from '../../src/persistence';
import { openTestDatabase } from '../support/database';
import { FakeClock } from '../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

type Content = Record<string, unknown> & { tables: Record<string, Record<string, unknown>[]> };

/** Backups edited by hand, maliciously or by mistake. Each is refused completely, and nothing changes. */
describe('a hostile backup', () => {
  const clock = new FakeClock();
  let folder: TempFolder;
  let text: string;

  beforeAll(async () => {
    folder = makeTempFolder();
    const { database, destroy } = await openTestDatabase();
    await database.transaction((tx) => tx.insertInto('local.agent_env').values({ agent_id: 'a', env: '{}' }).execute());
    text = readFileSync(await writeBackup(database, folder.at('backups'), clock), 'utf8');
    await destroy();
  });

  afterAll(() => {
    folder.remove();
  });

  const row = { agent_id: 'a', env: {} };
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const edited = (edit: (content: Content) => void) => () => {
    const content = JSON.parse(text) as Content;
    edit(content);
    return JSON.stringify(content);
  };

  it.each<[string, () => string, RegExp]>([
    ['with deeply nested JSON', () => text.replace('"env": {}', `"env": ${deep}`), /cannot be restored/],
    [
      'with a value of a wrong type',
      edited(({ tables }) => (tables['local.agent_env'] = [{ ...row, env: null }])),
      /cannot be restored/,
    ],
    ['with a duplicate id', edited(({ tables }) => (tables['local.agent_env'] = [row, row])), /duplicate key/],
    [
      'with SQL in the name of a table',
      edited(({ tables }) => (tables['local.meta; drop table local.meta'] = [])),
      /not a complete backup/,
    ],
    [
      'with SQL in the name of a column',
      edited(({ tables }) => (tables['local.agent_env'] = [{ 'env") --': 1 }])),
      /not a complete backup/,
    ],
    ['with an unknown table', edited(({ tables }) => (tables['public.pg_class'] = [])), /cannot be restored/],
    [
      'with a system table of Postgres',
      edited(({ tables }) => (tables['pg_catalog.pg_class'] = [])),
      /not a complete backup/,
    ],
    [
      'with the table of applied migrations',
      edited(({ tables }) => (tables['local.applied_migration'] = [])),
      /not a complete backup/,
    ],
    ['without its event counter', edited(({ tables }) => (tables['local.meta'] = [])), /event counter/],
    [
      'with a column __proto__',
      () => text.replace('"env": {}', '"__proto__": {"env": {}}'),
      /not a complete backup|cannot be restored/,
    ],
    [
      'with a table __proto__',
      () => text.replace('"local.agent_env"', '"__proto__"'),
      /lacks the tables .*local.agent_env/,
    ],
    ['without any migration', edited((content) => (content.migrations = [])), /not a complete backup/],
  ])('%s is refused', async (name, make, refusal) => {
    const file = folder.file(`${name}.json`, make());
    folder.folder(`at ${name}/db`);
    const error = await restoreBackup(file, folder.at(`at ${name}`), clock).catch((thrown: unknown) => thrown);
    expect(isProblem(error) ? error.detail : error).toMatch(refusal);
    expect(isProblem(error) ? error.detail : '').toContain('Nothing was changed');
    expect(readdirSync(folder.at(`at ${name}`))).toEqual(['db']);
    expect({}).not.toHaveProperty('env');
  });
});
