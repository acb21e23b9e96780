import type { PGlite, Transaction } from '@electric-sql/pglite';
import { PostgresDialect } from 'kysely';

type Queryable = Pick<PGlite | Transaction, 'query'>;

/**
 * Kysely's own Postgres dialect over PGlite: one connection, held by one at a time, so that a transaction is never mixed
 * with somebody else's statement.
 */
export function pgliteDialect(pglite: PGlite): PostgresDialect {
  let last: Promise<void> = Promise.resolve();
  const connect = async () => {
    const before = last;
    let release = (): void => undefined;
    last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return { query: (sql: string, parameters: readonly unknown[]) => query(pglite, sql, parameters), release };
  };
  const pool = { connect, end: () => Promise.resolve() };
  // The dialect asks for node-postgres' pool and uses no more of it than this.
  return new PostgresDialect({
    pool: pool as unknown as ConstructorParameters<typeof PostgresDialect>[0]['pool'] & object,
  });
}

async function query(connection: Queryable, sql: string, parameters: readonly unknown[]) {
  const result = await connection.query<Record<string, unknown>>(sql, [...parameters]);
  const command = sql.trimStart().split(/\s/, 1)[0]?.toUpperCase() ?? '';
  return { command, rowCount: result.affectedRows ?? result.rows.length, rows: result.rows };
}
