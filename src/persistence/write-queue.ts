import { isSettledWithin, type Clock } from '../kernel';
import type { Database, Tx } from './database/database';
import { OutageLog } from './outage-log';
import { QueueWriter } from './queue-writer';
import { SampleRing } from './sample-ring';
import { WaitingWrites, type DecidedChange, type Work } from './waiting-writes';

export type { DecidedChange, Work } from './waiting-writes';

export interface SubmitOptions {
  readonly label?: string;
  /** Keeps the work until the outcome of a commit in doubt is known. Its caller gets the doubt as an error at once. */
  readonly isKeptInDoubt?: boolean;
  /**
   * Subject of the command, such as an agent id. The command overtakes the changes of other subjects. Absent: it
   * overtakes none.
   */
  readonly subject?: string;
}

export interface WriteQueueOptions {
  readonly clock: Clock;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Limit of waiting events and notifications. */
  readonly maxAppended?: number;
  readonly maxSamples?: number;
  readonly retryMs?: number;
}

const MAX_APPENDED = 100_000;
const MAX_SAMPLES = 10_000;
const RETRY_MS = 500;
const PROBE = 'last_probe';

/**
 * Writes every change, as the only writer of the database. It takes three kinds of work:
 * - A command of a caller is written, or refused with an error.
 * - A decided change waits while the database is unavailable. A later state supersedes its state; its events and notifications
 *   are kept.
 * - Samples wait in a ring, behind everything else.
 * Writes about one subject become durable in the order of submission.
 */
export class WriteQueue {
  private readonly waiting: WaitingWrites;
  private readonly samples: SampleRing;
  private readonly outages: OutageLog;
  private readonly writer: QueueWriter;
  private readonly clock: Clock;
  private running: Promise<void> = Promise.resolve();
  private isDraining = false;

  constructor(database: Pick<Database, 'transaction'>, options: WriteQueueOptions) {
    const { clock, log, maxAppended = MAX_APPENDED, maxSamples = MAX_SAMPLES, retryMs = RETRY_MS } = options;
    this.clock = clock;
    this.waiting = new WaitingWrites(maxAppended);
    this.samples = new SampleRing(maxSamples);
    this.outages = new OutageLog(log, () => this.size);
    this.writer = new QueueWriter(database, this.waiting, this.samples, this.outages, { clock, retryMs });
  }

  /** Number of waiting entries. */
  get size(): number {
    return this.waiting.size + this.samples.size;
  }

  /** Number of events, notifications and changes of healing that were lost. */
  get dropped(): number {
    return this.outages.dropped;
  }

  /**
   * Resolves once the work is on disk.
   *
   * @throws whatever the work throws, or Problem `database-unavailable`. Then nothing was saved, unless {@link doubtOf}
   * reports that the outcome is unknown.
   */
  submit(work: Work, { label = 'a command', isKeptInDoubt = false, subject }: SubmitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const steps = [{ key: null, work }];
      const caller = { resolve, reject };
      this.waiting.addCommand({ steps, caller, label, isKeptInDoubt, subject: subject ?? null, whenSettled: [] });
      this.wake();
    });
  }

  /**
   * Keeps a decided change until the database takes it. Resolves once it is on disk, was superseded by a later one that
   * is on disk, or was given up. Never rejects. A bare work is appended.
   */
  submitEventually(change: Work | DecidedChange, label: string, subject: string | null = null): Promise<void> {
    return new Promise((settled) => {
      const decided = typeof change === 'function' ? { append: change } : change;
      if (!this.waiting.addChange(decided, label, subject, settled)) this.outages.onFull(label);
      this.wake();
    });
  }

  /**
   * Writes a row that may be lost, once nothing else waits. While the database is unavailable, only the latest samples are
   * kept.
   */
  submitSample(work: Work): void {
    this.samples.add(work);
    this.wake();
  }

  /** Writes a row, to check that the database accepts writes. @throws Problem `database-unavailable` */
  probe(): Promise<void> {
    const work = async (tx: Tx) => {
      const value = JSON.stringify(this.clock.wall());
      await tx
        .insertInto('local.meta')
        .values({ key: PROBE, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    };
    return this.submit(work, { label: PROBE, subject: `:${PROBE}` });
  }

  /** Waits until the queue is empty, at most `timeoutMs`. Returns true if nothing waits any more. */
  async flush(timeoutMs: number): Promise<boolean> {
    const { clock } = this;
    const end = clock.now() + timeoutMs;
    while (this.isDraining && clock.now() < end) {
      if (!(await isSettledWithin(clock, this.running, end - clock.now()))) break;
    }
    return !this.isDraining;
  }

  private wake(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.running = this.drain();
  }

  private async drain(): Promise<void> {
    // Lets work that is submitted in the same tick join one commit.
    await Promise.resolve();
    while (this.size > 0) await this.writer.writeNext();
    // No await between this line and the check above, so that a later write starts another drain.
    this.isDraining = false;
    this.waiting.release();
  }
}
