import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../kernel';
import { ConnectionLost, type SqlConnection, type SqlResult } from './sql-connection';

/** A first start of a cold machine, or the recovery after a kill, on a slow disk. */
const OPEN_MS = 60_000;
const CLOSE_MS = 5_000;
/** After a time in which nothing ran, timers are due before what came meanwhile is heard. */
const HEARING_MS = 500;

/** What our own program on the other side says. */
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
  /** For Postgres, on top of PGlite's own. */
  readonly parameters: readonly string[];
  /** How long one statement may take before the engine counts as hung. */
  readonly hangMs: number;
}

/** The embedded database in a thread of its own: statements go in, rows come out. Once it is lost it stays so. */
export class DatabaseWorker implements SqlConnection {
  /** Resolves with what happened, once it can be asked nothing more. */
  readonly lost: Promise<string>;
  /** Resolves once the thread has ended: only then may another one open the folder. */
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
      this.lose('the engine ended');
    });
  }

  /** Begins to open it; {@link opened} says how that went. */
  static start({ folder, parameters, hangMs }: WorkerOptions): DatabaseWorker {
    const worker = new Worker(path.join(__dirname, 'database-thread.mjs'), {
      workerData: { dataDir: folder ?? 'memory://', parameters },
    });
    return new DatabaseWorker(worker, hangMs);
  }

  /** @throws Error with what the engine said; its thread has ended then */
  async opened(): Promise<this> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, OPEN_MS, `it was not open within ${OPEN_MS} ms`);
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

  /** Takes as long as it takes: a migration of much is no hang. */
  async exec(sql: string): Promise<void> {
    await this.request({ kind: 'exec', sql }, null);
  }

  /** Ends it in order; one that does not end by itself is ended. */
  async close(): Promise<void> {
    await this.request({ kind: 'close' }, CLOSE_MS).catch(() => undefined);
    this.terminate('it was closed');
    await this.ended;
  }

  /** Ends the thread; one that is inside a call of the system ends when that returns. */
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
    // What it was asked last may or may not have happened: whoever asked is told that it is lost.
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
