import { Kysely, sql, type Transaction } from 'kysely';
import { SystemClock } from '../../config';
import { errorCodeOf, messageOf, Problem } from '../../kernel';
import { BACKUPS } from '../backup/backup-file';
import { learnOutcome, unavailable } from './commit-in-doubt';
import { EmbeddedPostgres } from './embedded-postgres';
import { migrate } from './migrator';
import { isDatabase, completeRestoreOf } from './new-database';
import { pgliteDialect } from './pglite-dialect';
import type { Schema } from './schema';
import { ConnectionLost, type SqlConnection } from './sql-connection';

export type Tx = Transaction<Schema>;

export interface DatabaseOptions {
  /** Limit of a call, up to its commit. */
  readonly timeoutMs?: number;
  /** Limit of one statement, after which the engine counts as hung. Must be longer than `timeoutMs`. */
  readonly hangMs?: number;
  /** Time that a caller waits for the outcome of an unanswered commit. */
  readonly doubtMs?: number;
  readonly log?: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Brings the schema up to date. Restoring a backup stops at the schema of the backup. */
  readonly prepare?: (connection: SqlConnection) => Promise<void>;
}

const LIMIT_PARTS = 20;
const DEFAULTS = { timeoutMs: 5_000, hangMs: 10_000, doubtMs: 5_000 };

/** Progress of a transaction. */
interface Attempt {
  isRefused: boolean;
  /** Set when its commit is sent. */
  transactionId: string | null;
}

/**
 * Holds the truth in the embedded database, over one connection. Every call has a time limit. An engine that died or
 * hangs is reopened automatically.
 */
export class Database {
  /** Error of the last call; null if it succeeded. */
  lastError: string | null = null;
  private closing: Promise<void> | null = null;
  private readonly clock = new SystemClock();
  private readonly kysely: Kysely<Schema>;
  private readonly lastWorks = new WeakMap<Tx, (() => Promise<void>)[]>();

  private constructor(
    private readonly engine: EmbeddedPostgres,
    private readonly limits: typeof DEFAULTS,
  ) {
    this.kysely = new Kysely<Schema>({ dialect: pgliteDialect(() => engine.connection()) });
  }

  /**
   * Opens the database of a folder, which is created if missing, and brings its schema up to date.
   *
   * @param folder null: in memory, for tests
   * @throws Problem `database-unavailable` that says what to do; nothing is deleted
   */
  static async open(folder: string | null, options: DatabaseOptions = {}): Promise<Database> {
    const { log = () => undefined, prepare = migrate, ...given } = options;
    const limits = { ...DEFAULTS, ...given };
    const onLost = (error: string) => {
      log({ error }, 'database failed');
    };
    const onReopened = () => {
      log({}, 'database reopened');
    };
    let engine: EmbeddedPostgres | null = null;
    try {
      engine = await EmbeddedPostgres.open(folder, limits.hangMs, { onLost, onReopened });
      await prepare(engine.connection());
      return new Database(engine, limits);
    } catch (error) {
      await engine?.close();
      throw error instanceof Problem ? error : cannotOpen(folder, error);
    }
  }

  /** Returns true if the folder has a database, or will have one once opening it finishes a restore that was killed. */
  static isIn(folder: string): boolean {
    return isDatabase(folder) || isDatabase(completeRestoreOf(folder));
  }

  read<T>(query: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.limit(query(this.kysely), null);
  }

  /**
   * Runs `work` in a transaction. Writers must use the {@link WriteQueue}, which calls this.
   *
   * @throws Problem `database-unavailable`: nothing was saved, unless the commit is in doubt (`doubtOf`)
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    // A transaction refused on time-out must not be committed later. Therefore the limit applies only until the commit
    // is sent.
    const attempt: Attempt = { isRefused: false, transactionId: null };
    let result: { readonly value: T } | null = null;
    const call = this.kysely.transaction().execute(async (tx) => {
      result = { value: await work(tx) };
      for (const last of this.lastWorks.get(tx) ?? []) await last();
      // Fails if an earlier statement failed, even if `work` ignored that error.
      const transactionId = await idOf(tx);
      if (attempt.isRefused) throw new Error('the transaction timed out before its commit');
      attempt.transactionId = transactionId;
      return result.value;
    });
    return this.limit(
      call.catch(async (error: unknown) => {
        if (attempt.transactionId === null || result === null || !(error instanceof ConnectionLost)) throw error;
        const outcome = this.engine.outcomeOf(attempt.transactionId);
        await learnOutcome(outcome, error, { clock: this.clock, limitMs: this.limits.doubtMs });
        return result.value;
      }),
      attempt,
    );
  }

  /** Adds work to run just before the commit, so that many changes can share one statement. */
  beforeCommit(tx: Tx, work: () => Promise<void>): void {
    const works = this.lastWorks.get(tx);
    if (works === undefined) this.lastWorks.set(tx, [work]);
    else works.push(work);
  }

  /** Checks that the database answers. @throws Problem `database-unavailable` */
  async ping(): Promise<void> {
    await this.read((db) => sql`select 1`.execute(db));
  }

  close(): Promise<void> {
    this.closing ??= this.kysely.destroy().then(() => this.engine.close());
    return this.closing;
  }

  private async limit<T>(call: Promise<T>, attempt: Attempt | null): Promise<T> {
    const { timeoutMs } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      // Counted in parts. While the supervisor's event loop is blocked, only one part passes, so that a waiting answer
      // is handled before the time-out.
      let left = LIMIT_PARTS;
      timer = setInterval(() => {
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        if (attempt !== null && attempt.transactionId !== null) return;
        if (attempt !== null) attempt.isRefused = true;
        reject(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs / LIMIT_PARTS);
    });
    try {
      const value = await Promise.race([call, tooLate]);
      this.lastError = null;
      return value;
    } catch (error) {
      // An error about a value or a statement is not a failure of the database.
      if (error instanceof Problem || isAboutContent(error)) throw error;
      this.lastError = messageOf(error);
      throw unavailable(error);
    } finally {
      clearInterval(timer);
    }
  }
}

function cannotOpen(folder: string | null, error: unknown): Problem {
  return new Problem(
    'database-unavailable',
    `The database in ${folder ?? 'memory'} cannot be opened: ${messageOf(error)}. Nothing was deleted. Restore a backup (npm run restore-backup FILE; backups are in ${BACKUPS} beside it), or move it away to start with an empty database.`,
    { cause: error },
  );
}

async function idOf(tx: Tx): Promise<string> {
  const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(tx);
  return rows[0]?.id ?? '';
}

/** SQLSTATE classes for values and constraints, which would fail again (appendix A of the Postgres manual). */
function isAboutContent(error: unknown): boolean {
  return /^(?:22|23)/.test(errorCodeOf(error) ?? '');
}
