import { sql } from 'kysely';
import type { Database, MirroredTable } from '../persistence';

/** Row as both sides write it, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** Existing rows of the requested keys, by key. */
export type RowsByKey = ReadonlyMap<string, Row>;

/** Reads rows of the mirrored tables in the local database. */
export class LocalRows {
  constructor(private readonly database: Database) {}

  /** Returns the current rows of these keys. A key without a row was deleted. */
  async rowsOf({ name, key }: MirroredTable, keys: readonly string[]): Promise<RowsByKey> {
    const { rows } = await this.database.read((db) =>
      sql<{ key: string; row: Row }>`
        select ${sql.ref(key)}::text as key, to_jsonb(source) as row from ${sql.table(name)} source
        where ${sql.ref(key)} = any(${keys}::${sql.raw(key === 'id' ? 'uuid' : 'text')}[])
      `.execute(db),
    );
    return new Map(rows.map(({ key: of, row }) => [of, row]));
  }

  /** Returns keys of a table, ascending. @param after null: from the first key on */
  async keysAfter({ name, key }: MirroredTable, after: string | null, limit: number): Promise<string[]> {
    const { rows } = await this.database.read((db) =>
      sql<{ key: string }>`
        select ${sql.ref(key)}::text as key from ${sql.table(name)}
        where ${after === null ? sql`true` : sql`${sql.ref(key)} > ${after}`}
        order by ${sql.ref(key)} limit ${limit}
      `.execute(db),
    );
    return rows.map((row) => row.key);
  }
}
