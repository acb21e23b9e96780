import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Database, restoreBackup, writeBackup } from '../../src/persistence';
import { openTestDatabase } from '../support/database';
import { FakeClock } from '../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

const ASIDE = 'db.before-restore-2026-01-01T00-00-00.000Z';

/** Builds DATA_DIR as a kill at each step of a restore leaves it, from two complete databases. */
describe('a restore that was killed', () => {
  const clock = new FakeClock();
  let folder: TempFolder;
  let file: string;
  let damaged: string;

  beforeAll(async () => {
    folder = makeTempFolder();
    for (const name of ['old', 'new']) {
      const { database, destroy } = await openTestDatabase();
      await database.transaction((tx) =>
        tx.insertInto('local.agent_env').values({ agent_id: name, env: '{}' }).execute(),
      );
      file = await writeBackup(database, folder.at(`backups of ${name}`), clock);
      await destroy();
      await restoreBackup(file, folder.folder(name), clock);
    }
    damaged = folder.file('damaged.json', readFileSync(file, 'utf8').replace('"env": {}', '"env": null'));
  });

  afterAll(() => {
    folder.remove();
  });

  const copy = (from: string, to: string) => {
    cpSync(folder.at(`${from}/db`), folder.at(to), { recursive: true });
  };

  async function agentsIn(dataDir: string): Promise<string[]> {
    const database = await Database.open(path.join(folder.at(dataDir), 'db'));
    try {
      const rows = await database.read((db) => db.selectFrom('local.agent_env').select('agent_id').execute());
      return rows.map((row) => row.agent_id);
    } finally {
      await database.close();
    }
  }

  const writePartial = (name: string) => {
    folder.folder(name);
    writeFileSync(folder.at(`${name}/PG_VERSION`), '18');
  };

  it.each<[string, string, (at: string) => void, string, string[]]>([
    [
      'while the new database is created',
      'a',
      (at) => {
        copy('old', `${at}/db`);
        writePartial(`${at}/db.restoring.new-Xy12`);
      },
      'old',
      ['db'],
    ],
    [
      'while the new database is filled',
      'b',
      (at) => {
        copy('old', `${at}/db`);
        writePartial(`${at}/db.restoring`);
      },
      'old',
      ['db'],
    ],
    [
      'once the new database is complete',
      'c',
      (at) => {
        copy('old', `${at}/db`);
        copy('new', `${at}/db.restored`);
      },
      'old',
      ['db'],
    ],
    [
      'once the old database is moved aside',
      'd',
      (at) => {
        copy('old', `${at}/${ASIDE}`);
        copy('new', `${at}/db.restored`);
      },
      'new',
      ['db', ASIDE],
    ],
  ])('%s leaves a complete database, and nothing else', async (_, at, make, agent, left) => {
    folder.folder(at);
    make(at);
    expect(Database.isIn(folder.at(`${at}/db`))).toBe(true);
    expect(await agentsIn(at)).toEqual([agent]);
    expect(readdirSync(folder.at(at)).sort()).toEqual(left);
  });

  it('at its last step is not undone by a later restore that fails', async () => {
    copy('old', `e/${ASIDE}`);
    copy('new', 'e/db.restored');
    await expect(restoreBackup(damaged, folder.at('e'), clock)).rejects.toThrow('Nothing was changed');
    expect(await agentsIn('e')).toEqual(['new']);
  });
});
