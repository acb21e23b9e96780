import { openEmptyDatabase, type EmptyDatabase } from '../../test/support/database';
import type { Database } from './database/database';
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

describe('the instance id', () => {
  it('is generated once without INSTANCE_ID, and stays the same', async () => {
    const { id } = await InstanceIdentity.read(database, undefined);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await InstanceIdentity.read(database, undefined)).id).toBe(id);
  });

  it('is INSTANCE_ID, even after another id was generated', async () => {
    await InstanceIdentity.read(database, undefined);
    expect((await InstanceIdentity.read(database, 'home')).id).toBe('home');
  });

  it('stays at the last INSTANCE_ID after that setting was removed', async () => {
    await InstanceIdentity.read(database, 'home');
    expect((await InstanceIdentity.read(database, undefined)).id).toBe('home');
  });

  it.each(['a', 'A.b_c-1', '7', 'x'.repeat(63)])('may be %s', async (given) => {
    expect((await InstanceIdentity.read(database, given)).id).toBe(given);
  });

  it.each(['', '-a', '.', 'a b', "a'b", 'a/b', 'ä', 'a\n', 'x'.repeat(64)])(
    'may not be %j, and nothing is saved then',
    async (given) => {
      await InstanceIdentity.read(database, 'home');
      await expect(InstanceIdentity.read(database, given)).rejects.toMatchObject({ code: 'invalid-request' });
      expect((await InstanceIdentity.read(database, undefined)).id).toBe('home');
    },
  );
});
