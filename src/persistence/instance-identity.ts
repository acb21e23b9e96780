import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { Problem } from '../kernel';
import type { Database, Tx } from './database';
import { MIRRORED_TABLES, type MirroredTable } from './mirror/tables';

const KEYS = { id: 'instance_id', writer: 'writer_id', successorOf: 'successor_of' } as const;
const VALID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Rows that get another name in one transaction. */
const PAGE = 2_000;

/** What a database that was brought back is told: it takes the place of the one that it came from. */
export const SUCCESSION_SQL = `
  delete from local.meta where key in ('${KEYS.writer}', '${KEYS.successorOf}');
  insert into local.meta (key, value) select '${KEYS.successorOf}', value from local.meta where key = '${KEYS.id}';
`;

/** Who writes: it stands in every row, so that one Supabase project can tell its writers apart. */
export class InstanceIdentity {
  private constructor(
    readonly id: string,
    /** A UUID, made once for each database: two with one name are told apart by it. */
    readonly writer: string,
    private predecessor: string | null,
  ) {}

  /** The instance whose place this one is to take in its project; null: nobody's. */
  get successorOf(): string | null {
    return this.predecessor;
  }

  /**
   * What `INSTANCE_ID` says, else what was made here once. Rows that were written under another name get this one.
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
    const saved = await readMeta(database);
    const id = given ?? saved.get(KEYS.id) ?? randomUUID();
    const writer = saved.get(KEYS.writer) ?? randomUUID();
    // Named last: a kill in the middle leaves rows of both names, and the next start goes on.
    if (saved.has(KEYS.id) && saved.get(KEYS.id) !== id)
      for (const table of MIRRORED_TABLES) await rename(database, table, id);
    if (saved.get(KEYS.id) !== id || saved.get(KEYS.writer) !== writer) {
      await database.transaction(async (tx) => {
        await keep(tx, KEYS.id, id);
        await keep(tx, KEYS.writer, writer);
      });
    }
    return new InstanceIdentity(id, writer, saved.get(KEYS.successorOf) ?? null);
  }

  /** It has the place: from now on it takes nobody's. */
  async endSuccession(tx: Tx): Promise<void> {
    await tx.deleteFrom('local.meta').where('key', '=', KEYS.successorOf).execute();
    this.predecessor = null;
  }
}

async function readMeta(database: Database): Promise<Map<string, string>> {
  const rows = await database.read((db) =>
    db.selectFrom('local.meta').selectAll().where('key', 'in', Object.values(KEYS)).execute(),
  );
  return new Map(rows.flatMap(({ key, value }) => (typeof value === 'string' ? [[key, value]] : [])));
}

async function keep(tx: Tx, key: string, value: string): Promise<void> {
  await tx
    .insertInto('local.meta')
    .values({ key, value: JSON.stringify(value) })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: JSON.stringify(value) }))
    .execute();
}

/** Page by page in the order of the keys: a long history takes longer than one transaction may. */
async function rename(database: Database, table: MirroredTable, id: string): Promise<void> {
  let last: string | null = null;
  do last = await renamePage(database, table, id, last);
  while (last !== null);
}

/** @returns the last key of the page; null: there is none after `last` */
function renamePage(database: Database, table: MirroredTable, id: string, last: string | null): Promise<string | null> {
  const key = sql.ref(table.key);
  const after = last === null ? sql`true` : sql`${key} > ${last}`;
  return database.transaction(async (tx) => {
    const page = sql`select ${key} as key from ${sql.table(table.name)} where ${after} order by ${key} limit ${PAGE}`;
    const { rows } = await sql<{ end: string | null }>`
      select (array_agg(key order by key desc))[1]::text as end from (${page}) page
    `.execute(tx);
    const end = rows[0]?.end ?? null;
    await sql`
      update ${sql.table(table.name)} set instance = ${id} where ${after} and ${key} <= ${end} and instance <> ${id}
    `.execute(tx);
    return end;
  });
}
