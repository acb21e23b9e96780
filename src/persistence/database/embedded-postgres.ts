import { messageOf } from '../../kernel';
import { DatabaseWorker } from './database-worker';
import { finishRestore, isDatabase, makeDatabaseIn } from './new-database';
import { ConnectionLost, type SqlConnection } from './sql-connection';

/** Postgres reserves 128 MB for its buffers by default. With 4 MB, the service uses about half the memory. */
const PARAMETERS = ['-c', 'shared_buffers=4MB'];

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Returns null for a transaction id that is not in the write-ahead log. */
const STATUS_OF_TRANSACTION = `
  select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) end as status
`;

export interface EngineEvents {
  /** The engine died or hangs. It is reopened automatically. */
  readonly onLost: (why: string) => void;
  readonly onReopened: () => void;
}

/**
 * Runs the engine of one folder. When the engine dies (Postgres exits when it cannot write its log) or hangs, it is
 * terminated and reopened, with growing pauses, until it answers. Committed changes are in its log. Two engines never
 * work on the same folder.
 */
export class EmbeddedPostgres {
  private readonly doubts = new Map<string, (committed: boolean) => void>();
  private isClosed = false;
  private opening: DatabaseWorker | null = null;
  private wake: () => void = () => undefined;
  private reopening: Promise<void> = Promise.resolve();
  private awayBecause = 'it is not open';

  private constructor(
    private readonly folder: string | null,
    private readonly hangMs: number,
    private readonly events: EngineEvents,
    private worker: DatabaseWorker | null,
  ) {}

  /** Opens the engine; a missing folder is created. @throws Error with the engine's message */
  static async open(folder: string | null, hangMs: number, events: EngineEvents): Promise<EmbeddedPostgres> {
    if (folder !== null) {
      finishRestore(folder);
      await makeDatabaseIn(folder, PARAMETERS);
    }
    const worker = await DatabaseWorker.start({ folder, hangMs, parameters: PARAMETERS }).waitUntilOpen();
    const engine = new EmbeddedPostgres(folder, hangMs, events, worker);
    engine.watch(worker);
    return engine;
  }

  /**
   * Returns the current connection. Keep it until the end of a transaction: a transaction must never continue in a
   * reopened engine.
   */
  connection(): SqlConnection {
    if (this.worker === null) throw new ConnectionLost(this.awayBecause);
    return this.worker;
  }

  /**
   * Resolves once the engine is open again: true if the transaction, whose commit was not answered, was committed. May
   * never settle if the engine is closed first.
   */
  outcomeOf(transactionId: string): Promise<boolean> {
    return new Promise((resolve) => this.doubts.set(transactionId, resolve));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    this.awayBecause = 'it was closed';
    const { worker } = this;
    this.worker = null;
    this.opening?.terminate(this.awayBecause);
    await worker?.close();
    await this.reopening;
  }

  private watch(worker: DatabaseWorker): void {
    void worker.lost.then((why) => {
      if (this.isClosed || this.worker !== worker) return;
      this.worker = null;
      this.awayBecause = why;
      this.events.onLost(why);
      if (this.folder !== null) this.reopening = this.reopen(worker, why);
    });
  }

  private async reopen(before: DatabaseWorker, why: string): Promise<void> {
    before.terminate(why);
    await before.ended;
    for (let pauseMs = FIRST_PAUSE_MS; !this.isClosed; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await this.pause(pauseMs);
      if (this.hasClosed()) return;
      try {
        await this.openWorker();
        return;
      } catch (error) {
        this.awayBecause = `${why} (reopening it: ${messageOf(error)})`;
      }
    }
  }

  private async openWorker(): Promise<void> {
    const { folder, hangMs } = this;
    // PGlite would create an empty database.
    if (folder === null || !isDatabase(folder)) throw new Error('its folder is missing or damaged');
    const worker = DatabaseWorker.start({ folder, hangMs, parameters: PARAMETERS });
    this.opening = worker;
    try {
      await worker.waitUntilOpen();
      // Must run before the first write: Postgres reuses the ids of transactions that are not in its log.
      await this.settleDoubts(worker);
    } catch (error) {
      worker.terminate(messageOf(error));
      await worker.ended;
      throw error;
    } finally {
      this.opening = null;
    }
    if (this.hasClosed()) return worker.close();
    this.worker = worker;
    this.watch(worker);
    this.events.onReopened();
  }

  private async settleDoubts(worker: DatabaseWorker): Promise<void> {
    for (const [transactionId, settle] of this.doubts) {
      const { rows } = await worker.query(STATUS_OF_TRANSACTION, [transactionId]);
      this.doubts.delete(transactionId);
      settle(rows[0]?.status === 'committed');
    }
  }

  /** Reads the flag again after an await: `close` may have been called meanwhile. */
  private hasClosed(): boolean {
    return this.isClosed;
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
