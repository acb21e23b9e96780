import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { Problem } from '../kernel';
import type { Database, Tx } from './database/database';
import { MIRRORED_TABLES, type MirroredTable } from './mirrored-tables';

const KEYS = { id: 'instance_id', writer: 'writer_id', successorOf: 'successor_of' } as const;
const VALID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Rows renamed in one transaction. */
const PAGE = 2_000;

/** Marks a restored database as the successor of the instance that it came from, with a new writer id. */
export const SUCCESSION_SQL = `
  delete from local.meta where key in ('${KEYS.writer}', '${KEYS.successorOf}');
  insert into local.meta (key, value) select '${KEYS.successorOf}', value from local.meta where key = '${KEYS.id}';
`;

/**
 * Identifies the writer. Its id is stored in every row, so that rows of several instances in one Supabase project are
 * distinguishable.
 */
export class InstanceIdentity {
  private constructor(
    readonly id: string,
    /** UUID created once per database. It distinguishes two databases with the same instance name. */
    readonly writer: string,
    private predecessor: string | null,
  ) {}

  /** Instance whose ownership of the Supabase project this one takes over; null if there is no predecessor. */
  get successorOf(): string | null {
    return this.predecessor;
  }

  /**
   * Reads `INSTANCE_ID`, or else the id generated for this database. Rows written under another id are renamed.
   *
   * @throws Problem `invalid-request` for an id with forbidden characters
   */
  static async read(database: Database, configured: string | undefined): Promise<InstanceIdentity> {
    if (configured !== undefined && !VALID.test(configured)) {
      throw new Problem(
        'invalid-request',
        'INSTANCE_ID must have 1 to 63 letters, digits, or the characters . _ -, and begin with a letter or digit.',
      );
    }
    const saved = await readMeta(database);
    const id = configured ?? saved.get(KEYS.id) ?? randomUUID();
    const writer = saved.get(KEYS.writer) ?? randomUUID();
    // Saved last. A kill in between leaves rows of both names, and the next start continues.
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

  /** Ends the succession: this instance owns the project now. */
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

/** Renames page by page in key order: a long history takes longer than one transaction may. */
async function rename(database: Database, table: MirroredTable, id: string): Promise<void> {
  let last: string | null = null;
  do last = await renamePage(database, table, id, last);
  while (last !== null);
}

/** Renames one page. @returns the last key of the page; null if no row follows `last` */
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
