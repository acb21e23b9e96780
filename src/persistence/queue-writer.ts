import { isProblem, isSettledWithin, Problem, sleep, type Clock } from '../kernel';
import { doubtOf, type CommitInDoubt } from './database/commit-in-doubt';
import type { Database } from './database/database';
import type { OutageLog } from './outage-log';
import type { SampleRing } from './sample-ring';
import type { Entry, WaitingWrites } from './waiting-writes';

/** A commit that fails after this time counts as a hang. A database that fails without hanging fails at once. */
const HANGS_MS = 1_000;

interface Failure {
  readonly error: unknown;
  readonly tookMs: number;
}

export interface QueueWriterOptions {
  readonly clock: Clock;
  /** Pause between two tries while the database is unavailable. */
  readonly retryMs: number;
}

/**
 * Commits the waiting writes group by group, and decides what becomes of a group that failed. A caller's entry is
 * refused. A change of healing is retried, unless it is the cause of the failure.
 */
export class QueueWriter {
  private readonly clock: Clock;
  private readonly retryMs: number;

  constructor(
    private readonly database: Pick<Database, 'transaction'>,
    private readonly waiting: WaitingWrites,
    private readonly samples: SampleRing,
    private readonly outages: OutageLog,
    { clock, retryMs }: QueueWriterOptions,
  ) {
    this.clock = clock;
    this.retryMs = retryMs;
  }

  /** Writes the next group; samples only if nothing else waits. Resolves after a pause if the database is unavailable. */
  writeNext(): Promise<void> {
    return this.waiting.size > 0 ? this.writeGroup() : this.writeSamples();
  }

  private async writeGroup(): Promise<void> {
    const group = this.waiting.begin();
    const failure = await this.commit(group);
    const doubt = doubtOf(failure?.error);
    if (failure === null) this.take(group);
    else if (doubt !== null) await this.waitForOutcome(group, doubt, failure.error);
    else if (isHang(failure)) await this.waitOut(failure);
    else if (group.length > 1) await this.commitEach(group);
    else await this.refuse(group, failure);
  }

  /** Commits entry by entry, to find out whether one entry or the database is at fault. */
  private async commitEach(group: readonly Entry[]): Promise<void> {
    for (const entry of group) {
      const failure = await this.commit([entry]);
      const doubt = doubtOf(failure?.error);
      if (failure === null) this.take([entry]);
      else if (doubt !== null) return this.waitForOutcome([entry], doubt, failure.error);
      else if (isHang(failure)) return this.waitOut(failure);
      else if (await this.refuse([entry], failure)) return;
    }
  }

  private async writeSamples(): Promise<void> {
    const group = this.samples.take();
    const entry = { ...NO_CALLER, steps: group.map((work) => ({ key: null, work })) };
    const failure = await this.commit([entry]);
    if (failure === null) return;
    const doubt = doubtOf(failure.error);
    if (doubt !== null) {
      await this.outlast(doubt);
      if (!(await doubt.outcome)) this.samples.putBack(group);
    } else if (isProblem(failure.error, 'database-unavailable')) {
      this.samples.putBack(group);
      await this.waitOut(failure);
    } else if (group.length > 1) this.samples.putBackApart(group);
    else this.outages.onInvalidSample(failure.error);
  }

  /** Returns the failure; null if the group is on disk. */
  private async commit(group: readonly Entry[]): Promise<Failure | null> {
    const began = this.clock.now();
    const works = group.flatMap(({ steps }) => steps.map(({ work }) => work));
    try {
      await this.database.transaction(async (tx) => {
        for (const work of works) await work(tx);
      });
      this.outages.onAnswered();
      return null;
    } catch (error) {
      if (isProblem(error, 'database-unavailable')) this.outages.onUnavailable(error);
      return { error, tookMs: this.clock.now() - began };
    }
  }

  private take(done: readonly Entry[]): void {
    this.waiting.removeFirst(done.length);
    for (const entry of done) settle(entry);
  }

  /** Returns true if the group must restart: the database is unavailable, or the entry was split. */
  private async refuse([entry]: readonly Entry[], { error }: Pick<Failure, 'error'>): Promise<boolean> {
    if (entry === undefined) return false;
    if (entry.caller !== null) {
      this.waiting.removeFirst(1);
      entry.caller.reject(error);
      return false;
    }
    if (isProblem(error, 'database-unavailable')) {
      await this.waitOut({ error });
      return true;
    }
    if (this.waiting.splitFirst()) return true;
    this.waiting.removeFirst(1); // It would fail forever, and block every entry behind it.
    settle(entry);
    this.outages.onInvalid(entry.label, error);
    return false;
  }

  /** Refuses the callers, who would otherwise each wait for their own time-out. Changes of healing keep waiting. */
  private async waitOut({ error }: Pick<Failure, 'error'>): Promise<void> {
    this.waiting.release();
    this.refuseCallers(error);
    if (this.waiting.size + this.samples.size > 0) await sleep(this.clock, this.retryMs);
  }

  /** Keeps decided changes until the outcome is known, so that they are never saved twice. */
  private async waitForOutcome(group: readonly Entry[], doubt: CommitInDoubt, error: unknown): Promise<void> {
    const kept = group.filter((entry) => entry.isKeptInDoubt).map((entry) => ({ ...entry, caller: null }));
    this.waiting.replaceFirst(group.length, kept);
    for (const entry of group) entry.caller?.reject(error);
    await this.outlast(doubt);
    // The kept entries are still at the front: only callers' entries were removed meanwhile.
    if (await doubt.outcome) this.take(kept);
  }

  /** Waits for the outcome and refuses callers, since nothing can be written meanwhile. */
  private async outlast(doubt: CommitInDoubt): Promise<void> {
    const unavailable = new Problem('database-unavailable', 'The database failed. Retry later.');
    do this.refuseCallers(unavailable);
    while (!(await isSettledWithin(this.clock, doubt.outcome, this.retryMs)));
  }

  private refuseCallers(error: unknown): void {
    for (const entry of this.waiting.removeCallers()) entry.caller?.reject(error);
  }
}

const NO_CALLER = { caller: null, label: 'samples', isKeptInDoubt: true, subject: null, whenSettled: [] };

function settle(entry: Entry): void {
  entry.caller?.resolve();
  for (const settled of entry.whenSettled) settled();
}

function isHang({ error, tookMs }: Failure): boolean {
  return tookMs >= HANGS_MS && isProblem(error, 'database-unavailable');
}
