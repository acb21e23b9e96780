/** Rows in one insert. */
const CHUNK = 500;

export interface SqlResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly affectedRows?: number | undefined;
}

/** Access to Postgres. PGlite itself has this shape. */
export interface SqlConnection {
  /** Runs one statement. */
  query(sql: string, parameters?: readonly unknown[]): Promise<SqlResult>;
  /** Runs any number of statements. */
  exec(sql: string): Promise<unknown>;
}

/** Reports that the engine died or does not answer. The outcome of its last requests is unknown. */
export class ConnectionLost extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'ConnectionLost';
  }
}

/** Inserts rows given as JSON objects, by column name. */
export async function insertRows(
  connection: SqlConnection,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => `"${name}"`).join(', ');
  for (let start = 0; start < rows.length; start += CHUNK) {
    await connection.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(rows.slice(start, start + CHUNK))],
    );
  }
}
