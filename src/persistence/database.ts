import { Kysely, sql, type Transaction } from 'kysely';
import { SystemClock } from '../config';
import { errorCodeOf, messageOf, Problem } from '../kernel';
import { BACKUPS } from './backup';
import { learnOutcome, unavailable } from './commit-in-doubt';
import { EmbeddedPostgres } from './embedded-postgres';
import { migrate } from './migrator';
import { isDatabase, restoredOf } from './new-database';
import { pgliteDialect } from './pglite-dialect';
import type { Schema } from './schema';
import { ConnectionLost, type SqlConnection } from './sql-connection';

export type Tx = Transaction<Schema>;

export interface DatabaseOptions {
  /** How long a call may take up to its commit. */
  readonly timeoutMs?: number;
  /** How long one statement may take before the engine counts as hung; longer than `timeoutMs`. */
  readonly hangMs?: number;
  /** How long a caller waits to hear what became of a commit that nobody answered. */
  readonly doubtMs?: number;
  readonly log?: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Brings the schema up to date; restoring a backup stops at that of its maker. */
  readonly prepare?: (connection: SqlConnection) => Promise<void>;
}

const LIMIT_PARTS = 20;
const DEFAULTS = { timeoutMs: 5_000, hangMs: 10_000, doubtMs: 5_000 };

/** How far a transaction has come. */
interface Attempt {
  isRefused: boolean;
  /** Set once its commit is sent. */
  transactionId: string | null;
}

/**
 * The embedded database: the truth of everything. One connection; each call ends by its time limit, and an engine that died
 * or hangs is opened again by itself.
 */
export class Database {
  /** What the last call failed with; null: it went well. */
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
   * Opens the database of a folder and brings its schema up to date; a folder that is not there is made.
   *
   * @param folder null: in memory, for tests
   * @throws Problem `database-unavailable` that says what to do; nothing is deleted
   */
  static async open(folder: string | null, options: DatabaseOptions = {}): Promise<Database> {
    const { log = () => undefined, prepare = migrate, ...given } = options;
    const limits = { ...DEFAULTS, ...given };
    const lost = (error: string) => {
      log({ error }, 'the database failed; it is opened again');
    };
    const reopened = () => {
      log({}, 'the database is open again');
    };
    let engine: EmbeddedPostgres | null = null;
    try {
      engine = await EmbeddedPostgres.open(folder, limits.hangMs, { lost, reopened });
      await prepare(engine.connection());
      return new Database(engine, limits);
    } catch (error) {
      await engine?.close();
      throw error instanceof Problem ? error : cannotOpen(folder, error);
    }
  }

  /** Whether there is one in a folder, or will be once a restore that was killed is finished, as opening does. */
  static isIn(folder: string): boolean {
    return isDatabase(folder) || isDatabase(restoredOf(folder));
  }

  /** Reads. */
  read<T>(query: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.limited(query(this.kysely), null);
  }

  /**
   * All of it or nothing. Writers go through the {@link WriteQueue}, which calls this.
   *
   * @throws Problem `database-unavailable`: nothing was saved, unless it is left in doubt (`doubtOf`)
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    // What was refused for lack of time must not happen later: the limit ends where the commit begins.
    const attempt: Attempt = { isRefused: false, transactionId: null };
    let result: { readonly value: T } | null = null;
    const call = this.kysely.transaction().execute(async (tx) => {
      result = { value: await work(tx) };
      for (const last of this.lastWorks.get(tx) ?? []) await last();
      // It fails where a statement failed before, whatever the work made of that.
      const transactionId = await idOf(tx);
      if (attempt.isRefused) throw new Error('it was refused meanwhile');
      attempt.transactionId = transactionId;
      return result.value;
    });
    return this.limited(
      call.catch(async (error: unknown) => {
        if (attempt.transactionId === null || result === null || !(error instanceof ConnectionLost)) throw error;
        const outcome = this.engine.outcomeOf(attempt.transactionId);
        await learnOutcome(outcome, error, { clock: this.clock, limitMs: this.limits.doubtMs });
        return result.value;
      }),
      attempt,
    );
  }

  /** Work for the end of a transaction, just before its commit: what many have to say can then be one statement. */
  beforeCommit(tx: Tx, work: () => Promise<void>): void {
    const works = this.lastWorks.get(tx);
    if (works === undefined) this.lastWorks.set(tx, [work]);
    else works.push(work);
  }

  /** Asks the database whether it answers. @throws Problem `database-unavailable` */
  async ping(): Promise<void> {
    await this.read((db) => sql`select 1`.execute(db));
  }

  close(): Promise<void> {
    this.closing ??= this.kysely.destroy().then(() => this.engine.close());
    return this.closing;
  }

  private async limited<T>(call: Promise<T>, attempt: Attempt | null): Promise<T> {
    const { timeoutMs } = this.limits;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      // Counted in parts: while we ourselves are held up only one of them passes, and an answer that waits is heard.
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
      const value = await Promise.race([call, limit]);
      this.lastError = null;
      return value;
    } catch (error) {
      // What it says of a value or a statement is no failure of the database.
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
    `The database in ${folder ?? 'memory'} cannot be opened: ${messageOf(error)}. Nothing was deleted. Restore a backup (npm run restore-backup FILE; they are in ${BACKUPS} beside it), or move it away to begin anew.`,
    { cause: error },
  );
}

async function idOf(tx: Tx): Promise<string> {
  const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(tx);
  return rows[0]?.id ?? '';
}

/** Postgres' classes of errors for values and for constraints: they would fail again (appendix A of its manual). */
function isAboutContent(error: unknown): boolean {
  return /^(?:22|23)/.test(errorCodeOf(error) ?? '');
}
