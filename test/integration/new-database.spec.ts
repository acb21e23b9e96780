import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { Database } from '../../src/persistence';
import { makeDatabaseIn } from '../../src/persistence/database/new-database';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

describe('a new database', () => {
  let folder: TempFolder;

  beforeEach(() => {
    folder = makeTempFolder();
  });

  afterEach(() => {
    folder.remove();
  });

  it('is created beside its place and renamed, and removes what a kill left of an earlier one', async () => {
    mkdirSync(folder.at('db.new-killed'));
    writeFileSync(folder.at('db.new-killed/PG_VERSION'), 'partial');
    const database = await Database.open(folder.at('db'));
    await database.ping();
    await database.close();
    expect(readdirSync(folder.root)).toEqual(['db']);
    // The second call has nothing to create.
    await makeDatabaseIn(folder.at('db'), ['no parameter of Postgres']);
  });

  it('is not created over other files', async () => {
    mkdirSync(folder.at('db'));
    writeFileSync(folder.at('db/photo.jpg'), 'mine');
    await expect(Database.open(folder.at('db'))).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(readdirSync(folder.at('db'))).toEqual(['photo.jpg']);
  });

  it('reports the output of the child process if creating it fails, and leaves its place empty', async () => {
    await expect(makeDatabaseIn(folder.at('db'), ['--no-such-parameter'])).rejects.toThrow(/creating it failed with/);
    expect(existsSync(folder.at('db'))).toBe(false);
  });
});
