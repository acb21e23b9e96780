import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { Database } from '../../src/persistence';
import { makeDatabaseIn } from '../../src/persistence/new-database';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';

describe('a new database', () => {
  let folder: TempFolder;

  beforeEach(() => {
    folder = makeTempFolder();
  });

  afterEach(() => {
    folder.remove();
  });

  it('is made beside its place and put there in one step; what a kill left of an earlier one is thrown away', async () => {
    mkdirSync(folder.at('db.new-killed'));
    writeFileSync(folder.at('db.new-killed/PG_VERSION'), 'half of one');
    const database = await Database.open(folder.at('db'));
    await database.ping();
    await database.close();
    expect(readdirSync(folder.root)).toEqual(['db']);
    // The second time there is nothing to make.
    await makeDatabaseIn(folder.at('db'), ['no parameter of Postgres']);
  });

  it('is not made where something else lies', async () => {
    mkdirSync(folder.at('db'));
    writeFileSync(folder.at('db/photo.jpg'), 'mine');
    await expect(Database.open(folder.at('db'))).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(readdirSync(folder.at('db'))).toEqual(['photo.jpg']);
  });

  it('that cannot be made says what the other process said, and leaves its place empty', async () => {
    await expect(makeDatabaseIn(folder.at('db'), ['--no-such-parameter'])).rejects.toThrow(/making it ended with/);
    expect(existsSync(folder.at('db'))).toBe(false);
  });
});
