import { openEmptyDatabase, type EmptyDatabase } from '../../test/support/database';
import type { Database } from './database';
import { InstanceIdentity } from './instance-identity';

let empty: EmptyDatabase;
let database: Database;
beforeAll(async () => {
  empty = await openEmptyDatabase();
  database = empty.database;
});
afterAll(() => empty.destroy());
beforeEach(async () => {
  await database.transaction((tx) => tx.deleteFrom('local.meta').where('key', '=', 'instance_id').execute());
});

describe('who writes', () => {
  it('is made once where no INSTANCE_ID is given, and stays the same', async () => {
    const { id } = await InstanceIdentity.read(database, undefined);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await InstanceIdentity.read(database, undefined)).id).toBe(id);
  });

  it('is what INSTANCE_ID says, whatever was made before', async () => {
    await InstanceIdentity.read(database, undefined);
    expect((await InstanceIdentity.read(database, 'home')).id).toBe('home');
  });

  it('stays what INSTANCE_ID said when it is not given any more', async () => {
    await InstanceIdentity.read(database, 'home');
    expect((await InstanceIdentity.read(database, undefined)).id).toBe('home');
  });

  it.each(['a', 'A.b_c-1', '7', 'x'.repeat(63)])('may be %s', async (given) => {
    expect((await InstanceIdentity.read(database, given)).id).toBe(given);
  });

  it.each(['', '-a', '.', 'a b', "a'b", 'a/b', 'ä', 'a\n', 'x'.repeat(64)])(
    'may not be %j, and then nothing is saved',
    async (given) => {
      await InstanceIdentity.read(database, 'home');
      await expect(InstanceIdentity.read(database, given)).rejects.toMatchObject({ code: 'invalid-request' });
      expect((await InstanceIdentity.read(database, undefined)).id).toBe('home');
    },
  );
});
