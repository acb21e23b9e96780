import { readdirSync, readFileSync } from 'node:fs';
import { isProblem } from '../../src/kernel';
import { restoreBackup, writeBackup } from '../../src/persistence';
import { openTestDatabase } from '../support/database';
import { FakeClock } from '../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

type Content = Record<string, unknown> & { tables: Record<string, Record<string, unknown>[]> };

/** Edited by hand, by somebody who means no good or did not know better: refused whole, and nothing was changed. */
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
    ['with JSON of a great depth', () => text.replace('"env": {}', `"env": ${deep}`), /cannot be restored/],
    [
      'with a value of a wrong type',
      edited(({ tables }) => (tables['local.agent_env'] = [{ ...row, env: null }])),
      /cannot be restored/,
    ],
    ['with one id twice', edited(({ tables }) => (tables['local.agent_env'] = [row, row])), /duplicate key/],
    [
      'with SQL for a table',
      edited(({ tables }) => (tables['local.meta; drop table local.meta'] = [])),
      /no whole backup/,
    ],
    [
      'with SQL for a column',
      edited(({ tables }) => (tables['local.agent_env'] = [{ 'env") --': 1 }])),
      /no whole backup/,
    ],
    ['with a table that nobody knows', edited(({ tables }) => (tables['public.pg_class'] = [])), /cannot be restored/],
    ['with a table of Postgres', edited(({ tables }) => (tables['pg_catalog.pg_class'] = [])), /no whole backup/],
    [
      'that says which migrations are applied',
      edited(({ tables }) => (tables['local.applied_migration'] = [])),
      /no whole backup/,
    ],
    ['without its counter of events', edited(({ tables }) => (tables['local.meta'] = [])), /counter of events/],
    [
      'with a column __proto__',
      () => text.replace('"env": {}', '"__proto__": {"env": {}}'),
      /no whole backup|cannot be restored/,
    ],
    ['with a table __proto__', () => text.replace('"local.agent_env"', '"__proto__"'), /lacks local.agent_env/],
    ['of no migration at all', edited((content) => (content.migrations = [])), /no whole backup/],
  ])('%s', async (name, make, said) => {
    const file = folder.file(`${name}.json`, make());
    folder.folder(`at ${name}/db`);
    const error = await restoreBackup(file, folder.at(`at ${name}`), clock).catch((thrown: unknown) => thrown);
    expect(isProblem(error) ? error.detail : error).toMatch(said);
    expect(isProblem(error) ? error.detail : '').toContain('Nothing was changed');
    expect(readdirSync(folder.at(`at ${name}`))).toEqual(['db']);
    expect({}).not.toHaveProperty('env');
  });
});
