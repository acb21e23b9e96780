import { PostgresDialect } from 'kysely';
import type { SqlConnection } from './sql-connection';

/**
 * Kysely's own Postgres dialect over the embedded database: one connection, held by one at a time, so that a transaction is
 * never mixed with somebody else's statement.
 *
 * @param connection gives the engine of the moment; whoever got it keeps it until the release
 */
export function pgliteDialect(connection: () => SqlConnection): PostgresDialect {
  let last: Promise<void> = Promise.resolve();
  const connect = async () => {
    const before = last;
    let release = (): void => undefined;
    last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    try {
      const held = connection();
      return { query: (sql: string, parameters: readonly unknown[]) => query(held, sql, parameters), release };
    } catch (error) {
      release();
      throw error;
    }
  };
  const pool = { connect, end: () => Promise.resolve() };
  // The dialect asks for node-postgres' pool and uses no more of it than this.
  return new PostgresDialect({
    pool: pool as unknown as ConstructorParameters<typeof PostgresDialect>[0]['pool'] & object,
  });
}

async function query(connection: SqlConnection, sql: string, parameters: readonly unknown[]) {
  const result = await connection.query(sql, parameters);
  const command = sql.trimStart().split(/\s/, 1)[0]?.toUpperCase() ?? '';
  return { command, rowCount: result.affectedRows ?? result.rows.length, rows: result.rows };
}
