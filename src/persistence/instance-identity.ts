import { randomUUID } from 'node:crypto';
import { Problem } from '../kernel';
import type { Database } from './database';

const KEY = 'instance_id';
const VALID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Who writes: it stands in every row, so that one Supabase project can tell its writers apart. */
export class InstanceIdentity {
  private constructor(readonly id: string) {}

  /**
   * What `INSTANCE_ID` says, else what was made here once.
   *
   * @throws Problem `invalid-request` for an id that could not be told apart in a row
   */
  static async read(database: Database, given: string | undefined): Promise<InstanceIdentity> {
    if (given !== undefined && !VALID.test(given)) {
      throw new Problem(
        'invalid-request',
        'INSTANCE_ID must be 1 to 63 letters, digits and . _ -, beginning with a letter or digit.',
      );
    }
    const saved = await database.read((db) =>
      db.selectFrom('local.meta').select('value').where('key', '=', KEY).executeTakeFirst(),
    );
    if (given === undefined && typeof saved?.value === 'string') return new InstanceIdentity(saved.value);
    const id = given ?? randomUUID();
    await database.transaction((tx) =>
      tx
        .insertInto('local.meta')
        .values({ key: KEY, value: JSON.stringify(id) })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: JSON.stringify(id) }))
        .execute(),
    );
    return new InstanceIdentity(id);
  }
}
