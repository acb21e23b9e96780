export interface SqlResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly affectedRows?: number | undefined;
}

/** What there is to ask of Postgres; PGlite itself has this shape. */
export interface SqlConnection {
  /** One statement. */
  query(sql: string, parameters?: readonly unknown[]): Promise<SqlResult>;
  /** Any number of statements. */
  exec(sql: string): Promise<unknown>;
}

/** The engine died or does not answer: what was asked of it last may have happened or not. */
export class ConnectionLost extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'ConnectionLost';
  }
}
