import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../kernel';
import { ConnectionLost, type SqlConnection, type SqlResult } from './sql-connection';

/** Limit for opening: long enough for a first start, or the recovery after a kill, on a slow disk. */
const OPEN_MS = 60_000;
const CLOSE_MS = 5_000;
/**
 * Extra time before an engine counts as hung. After a suspend, timers fire before the messages that are already
 * waiting.
 */
const HEARING_MS = 500;

/** Message from `database-thread.mjs`. */
type Reply =
  | { readonly isOpen: true }
  | { readonly id: number; readonly rows: SqlResult['rows']; readonly affectedRows?: number }
  | {
      readonly id: number;
      readonly error: { readonly message: string; readonly code?: string };
      readonly isDead: boolean;
    };

interface Pending {
  readonly resolve: (result: SqlResult) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

export interface WorkerOptions {
  /** null: in memory. */
  readonly folder: string | null;
  /** Postgres parameters, in addition to PGlite's own. */
  readonly parameters: readonly string[];
  /** Limit of one statement. After it the engine counts as hung. */
  readonly hangMs: number;
}

/** Runs the embedded database in its own thread. Once lost, it is never usable again. */
export class DatabaseWorker implements SqlConnection {
  /** Resolves with the reason once the worker accepts no more requests. */
  readonly lost: Promise<string>;
  /** Resolves once the thread has exited. Only then may another thread open the folder. */
  readonly ended: Promise<void>;
  private readonly pending = new Map<number, Pending>();
  private readonly isOpen: Promise<null>;
  private reportLoss: (why: string) => void = () => undefined;
  private reportOpen: (open: null) => void = () => undefined;
  private lossReason: string | null = null;
  private lastId = 0;

  private constructor(
    private readonly worker: Worker,
    private readonly hangMs: number,
  ) {
    this.lost = new Promise((resolve) => (this.reportLoss = resolve));
    this.isOpen = new Promise((resolve) => (this.reportOpen = resolve));
    this.ended = new Promise((resolve) =>
      worker.once('exit', () => {
        resolve();
      }),
    );
    worker.on('message', (reply: Reply) => {
      this.receive(reply);
    });
    worker.on('error', (error) => {
      this.lose(messageOf(error));
    });
    worker.on('exit', () => {
      this.lose('the engine exited');
    });
  }

  /** Starts to open the database. Await {@link waitUntilOpen} for the outcome. */
  static start({ folder, parameters, hangMs }: WorkerOptions): DatabaseWorker {
    const worker = new Worker(path.join(__dirname, 'database-thread.mjs'), {
      workerData: { dataDir: folder ?? 'memory://', parameters },
    });
    return new DatabaseWorker(worker, hangMs);
  }

  /** Resolves once the database is open. @throws Error with the engine's message; its thread has exited then */
  async waitUntilOpen(): Promise<this> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, OPEN_MS, `it did not open within ${OPEN_MS} ms`);
    });
    const failure = await Promise.race([this.isOpen, this.lost, tooLate]);
    clearTimeout(timer);
    if (failure === null) return this;
    this.terminate(failure);
    await this.ended;
    throw new Error(failure);
  }

  query(sql: string, parameters: readonly unknown[] = []): Promise<SqlResult> {
    return this.request({ kind: 'query', sql, parameters }, this.hangMs);
  }

  /** Runs without a time limit: a migration of a large table is not a hang. */
  async exec(sql: string): Promise<void> {
    await this.request({ kind: 'exec', sql }, null);
  }

  /** Closes the database, then terminates the thread. Waits at most 5 s for an orderly close. */
  async close(): Promise<void> {
    await this.request({ kind: 'close' }, CLOSE_MS).catch(() => undefined);
    this.terminate('it was closed');
    await this.ended;
  }

  /** Terminates the thread. A thread inside a system call exits when the call returns. */
  terminate(why: string): void {
    this.lose(why);
    void this.worker.terminate();
  }

  private request(what: Readonly<Record<string, unknown>>, limitMs: number | null): Promise<SqlResult> {
    return new Promise((resolve, reject) => {
      if (this.lossReason !== null) {
        reject(new ConnectionLost(this.lossReason));
        return;
      }
      const id = (this.lastId += 1);
      this.worker.postMessage({ id, ...what });
      const pending: Pending = { resolve, reject, timer: undefined };
      this.pending.set(id, pending);
      if (limitMs !== null) this.limit(pending, limitMs);
    });
  }

  private limit(pending: Pending, limitMs: number): void {
    const isHung = () => {
      this.terminate(`no answer within ${limitMs} ms`);
    };
    pending.timer = setTimeout(() => {
      pending.timer = setTimeout(isHung, HEARING_MS);
    }, limitMs);
  }

  private receive(reply: Reply): void {
    if ('isOpen' in reply) {
      this.reportOpen(null);
      return;
    }
    // The outcome of the last requests is unknown, so `terminate` rejects them as lost.
    if ('error' in reply && reply.isDead) this.terminate(reply.error.message);
    const pending = this.pending.get(reply.id);
    if (pending === undefined) return;
    this.pending.delete(reply.id);
    clearTimeout(pending.timer);
    if (!('error' in reply)) pending.resolve(reply);
    else pending.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
  }

  private lose(why: string): void {
    if (this.lossReason !== null) return;
    this.lossReason = why;
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(new ConnectionLost(why));
    }
    this.pending.clear();
    this.reportLoss(why);
  }
}
