import { messageOf } from '../kernel';
import { DatabaseWorker } from './database-worker';
import { finishRestore, isDatabase, makeDatabaseIn } from './new-database';
import { ConnectionLost, type SqlConnection } from './sql-connection';

/** Postgres takes 128 MB for its buffers unless told; ours is small (half the memory, measured: DEPENDENCIES.md). */
const PARAMETERS = ['-c', 'shared_buffers=4MB'];

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** null for one of which the log has nothing, not even its number. */
const STATUS_OF_TRANSACTION = `
  select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) end as status
`;

export interface EngineEvents {
  /** It died or hangs; it is reopened by itself. */
  readonly lost: (why: string) => void;
  readonly reopened: () => void;
}

/**
 * The engine over one folder. When it dies (Postgres ends itself when its log cannot be written) or hangs, it is ended and
 * opened again, with growing pauses, until it answers: what was committed is in its log. Never are two at work on one
 * folder.
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

  /** @throws Error with what the engine said; a folder that is not there is made */
  static async open(folder: string | null, hangMs: number, events: EngineEvents): Promise<EmbeddedPostgres> {
    if (folder !== null) {
      finishRestore(folder);
      await makeDatabaseIn(folder, PARAMETERS);
    }
    const worker = await DatabaseWorker.start({ folder, hangMs, parameters: PARAMETERS }).opened();
    const engine = new EmbeddedPostgres(folder, hangMs, events, worker);
    engine.watch(worker);
    return engine;
  }

  /** Whoever holds it keeps it to its end: a transaction never goes on in an engine that was opened since. */
  connection(): SqlConnection {
    if (this.worker === null) throw new ConnectionLost(this.awayBecause);
    return this.worker;
  }

  /** Whether a transaction was committed whose commit nobody answered; known once the engine is open again. */
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
      this.events.lost(why);
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
        await this.openAgain();
        return;
      } catch (error) {
        this.awayBecause = `${why} (opening it again: ${messageOf(error)})`;
      }
    }
  }

  private async openAgain(): Promise<void> {
    const { folder, hangMs } = this;
    // PGlite would make an empty one.
    if (folder === null || !isDatabase(folder)) throw new Error('it is gone or damaged');
    const worker = DatabaseWorker.start({ folder, hangMs, parameters: PARAMETERS });
    this.opening = worker;
    try {
      await worker.opened();
      // Before anything is written: the numbers of transactions that are not in the log are given out again.
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
    this.events.reopened();
  }

  private async settleDoubts(worker: DatabaseWorker): Promise<void> {
    for (const [transactionId, settle] of this.doubts) {
      const { rows } = await worker.query(STATUS_OF_TRANSACTION, [transactionId]);
      this.doubts.delete(transactionId);
      settle(rows[0]?.status === 'committed');
    }
  }

  /** Looked at anew after each wait: it may be closed meanwhile. */
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
