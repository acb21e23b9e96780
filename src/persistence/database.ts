import { PGlite } from '@electric-sql/pglite';
import { Kysely, sql, type Transaction } from 'kysely';
import { errorCodeOf, messageOf, Problem } from '../kernel';
import { migrate } from './migrator';
import { makeDatabaseIn } from './new-database';
import { pgliteDialect } from './pglite-dialect';
import type { Schema } from './schema';

export type Tx = Transaction<Schema>;

const QUERY_TIMEOUT_MS = 5_000;

/** Postgres takes 128 MB for its buffers unless told; ours is small (half the memory, measured: DEPENDENCIES.md). */
const START_PARAMETERS = [...PGlite.defaultStartParams, '-c', 'shared_buffers=4MB'];

/**
 * The embedded database: the truth of everything. One connection; each call ends by its time limit.
 */
export class Database {
  /** What the last call failed with; null: it went well. */
  lastError: string | null = null;
  private closed = false;

  private constructor(
    private readonly pglite: PGlite,
    private readonly kysely: Kysely<Schema>,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Opens the database of a folder and brings its schema up to date; a folder that is not there is made.
   *
   * @param folder null: in memory, for tests
   * @throws Problem `database-unavailable` that says what to do; nothing is deleted
   */
  static async open(folder: string | null, timeoutMs = QUERY_TIMEOUT_MS): Promise<Database> {
    let pglite: PGlite;
    try {
      if (folder !== null) await makeDatabaseIn(folder, START_PARAMETERS);
      pglite = await PGlite.create({ dataDir: folder ?? 'memory://', startParams: START_PARAMETERS });
    } catch (error) {
      throw new Problem(
        'database-unavailable',
        `The database in ${folder ?? 'memory'} cannot be opened: ${messageOf(error)}. Nothing was deleted: restore that folder, or move it away to begin anew.`,
        { cause: error },
      );
    }
    const database = new Database(pglite, new Kysely<Schema>({ dialect: pgliteDialect(pglite) }), timeoutMs);
    await migrate(pglite);
    return database;
  }

  /** Reads. */
  read<T>(query: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.limited(query(this.kysely));
  }

  /** All of it or nothing. Writers go through the {@link WriteQueue}, which calls this. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    // What was refused for lack of time must not happen later: the limit ends where the commit begins.
    const attempt = { isRefused: false, isCommitting: false };
    const call = this.kysely.transaction().execute(async (tx) => {
      const value = await work(tx);
      if (attempt.isRefused) throw new Error('it was refused meanwhile');
      attempt.isCommitting = true;
      return value;
    });
    return this.limited(call, attempt);
  }

  /** Asks the database whether it answers. @throws Problem `database-unavailable` */
  async ping(): Promise<void> {
    await this.read((db) => sql`select 1`.execute(db));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.kysely.destroy();
    await this.pglite.close();
  }

  private async limited<T>(call: Promise<T>, attempt?: { isRefused: boolean; isCommitting: boolean }): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (attempt?.isCommitting === true) return;
        if (attempt !== undefined) attempt.isRefused = true;
        reject(new Error(`no answer within ${this.timeoutMs} ms`));
      }, this.timeoutMs);
    });
    try {
      const value = await Promise.race([call, limit]);
      this.lastError = null;
      return value;
    } catch (error) {
      // What it says of a value or a statement is no failure of the database.
      if (error instanceof Problem || isAboutContent(error)) throw error;
      this.lastError = messageOf(error);
      throw new Problem('database-unavailable', `The database failed: ${messageOf(error)}. Try again soon.`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Postgres' classes of errors for values and for constraints: they would fail again (appendix A of its manual). */
function isAboutContent(error: unknown): boolean {
  return /^(?:22|23)/.test(errorCodeOf(error) ?? '');
}
