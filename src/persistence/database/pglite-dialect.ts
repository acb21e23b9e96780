import { PostgresDialect } from 'kysely';
import { Mutex } from '../../kernel';
import type { SqlConnection } from './sql-connection';

/**
 * Adapts Kysely's Postgres dialect to the embedded database. There is one connection, with one holder at a time, so
 * that another caller's statement never runs inside a transaction.
 *
 * @param connection returns the current engine. A holder keeps it until the release
 */
export function pgliteDialect(connection: () => SqlConnection): PostgresDialect {
  const mutex = new Mutex();
  const connect = async () => {
    const release = await mutex.acquire();
    try {
      const held = connection();
      return { query: (sql: string, parameters: readonly unknown[]) => query(held, sql, parameters), release };
    } catch (error) {
      release();
      throw error;
    }
  };
  const pool = { connect, end: () => Promise.resolve() };
  // The dialect expects the pool of node-postgres, but uses only these members.
  return new PostgresDialect({
    pool: pool as unknown as ConstructorParameters<typeof PostgresDialect>[0]['pool'] & object,
  });
}

async function query(connection: SqlConnection, sql: string, parameters: readonly unknown[]) {
  const result = await connection.query(sql, parameters);
  const command = sql.trimStart().split(/\s/, 1)[0]?.toUpperCase() ?? '';
  return { command, rowCount: result.affectedRows ?? result.rows.length, rows: result.rows };
}
