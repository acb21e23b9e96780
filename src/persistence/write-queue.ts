import { isProblem, isSettledWithin, messageOf, Problem, sleep, type Clock } from '../kernel';
import { doubtOf, type CommitInDoubt } from './commit-in-doubt';
import type { Database, Tx } from './database';

export type Work = (tx: Tx) => Promise<void> | void;

interface Entry {
  readonly work: Work;
  /** null: nobody waits for it, and it is tried until it succeeds. */
  readonly caller: { resolve: () => void; reject: (error: unknown) => void } | null;
  readonly label: string;
  /** It is done whatever becomes of its save: from a commit in doubt on it is tried until it succeeds. */
  readonly isKeptInDoubt: boolean;
  /** What it is about, if that is one thing alone: works about different things may change places. */
  readonly subject: string | null;
  /** Told when nothing more happens to it. */
  readonly done?: () => void;
}

export interface SubmitOptions {
  readonly label?: string;
  /** Its caller is told of the doubt like any other, but the work stays here until its fate is known. */
  readonly isKeptInDoubt?: boolean;
  /** With one, it goes before what healing wrote about other subjects: a person need not wait for a herd. */
  readonly subject?: string;
}

export interface WriteQueueOptions {
  readonly clock: Clock;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly maxWaiting?: number;
  readonly retryMs?: number;
}

const MAX_WAITING = 10_000;
/** Few enough that a transaction is far from its limit also on a slow machine, when hundreds of agents die at once. */
const GROUP = 10;
const RETRY_MS = 500;
/** A database that fails does so at once; one that hangs takes its time. */
const HANGS_MS = 1_000;

interface Failure {
  readonly error: unknown;
  readonly tookMs: number;
}

/**
 * The one writer: everything that changes goes through it, and becomes durable in the order in which it was handed over.
 * What waits is committed together. It keeps two kinds of work: a caller's, that is answered or refused, and healing's,
 * that waits while the database is away.
 */
export class WriteQueue {
  private readonly waiting: Entry[] = [];
  private running: Promise<void> = Promise.resolve();
  private isDraining = false;
  /** So many of the first are being written. */
  private inFlight = 0;
  /** Works of healing's that were given up because too many waited. */
  dropped = 0;

  constructor(
    private readonly database: Pick<Database, 'transaction'>,
    private readonly options: WriteQueueOptions,
  ) {}

  get size(): number {
    return this.waiting.length;
  }

  /**
   * Resolves once the work is on disk.
   *
   * @throws whatever the work throws; Problem `database-unavailable` where the database failed, and nothing was saved unless
   *   {@link doubtOf} it says that this is not known
   */
  submit(work: Work, { label = 'a command', isKeptInDoubt = false, subject }: SubmitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add({ work, caller: { resolve, reject }, label, isKeptInDoubt, subject: subject ?? null });
    });
  }

  /**
   * For what was decided already: kept in order, and tried until the database takes it. Resolves once it is on disk, or was
   * given up; never rejects.
   */
  submitEventually(work: Work, label: string, subject: string | null = null): Promise<void> {
    const kept = this.waiting.filter((entry) => entry.caller === null).length;
    if (kept >= (this.options.maxWaiting ?? MAX_WAITING)) {
      this.dropped += 1;
      this.options.log(
        { label, dropped: this.dropped },
        'the database was away for too long; a change could not be kept',
      );
      return Promise.resolve();
    }
    return new Promise((done) => {
      this.add({ work, caller: null, label, isKeptInDoubt: true, subject, done });
    });
  }

  /** Waits until nothing waits, or for so long. @returns whether everything is on disk */
  async flush(timeoutMs: number): Promise<boolean> {
    const { clock } = this.options;
    const end = clock.now() + timeoutMs;
    while (this.isDraining && clock.now() < end) {
      if (!(await isSettledWithin(clock, this.running, end - clock.now()))) break;
    }
    return !this.isDraining;
  }

  private add(entry: Entry): void {
    this.waiting.splice(this.placeOf(entry), 0, entry);
    if (this.isDraining) return;
    this.isDraining = true;
    this.running = this.drain();
  }

  private placeOf({ caller, subject }: Entry): number {
    if (caller === null || subject === null) return this.waiting.length;
    const before = this.waiting.findLastIndex(
      (other) => other.caller !== null || other.subject === null || other.subject === subject,
    );
    return Math.max(before + 1, this.inFlight);
  }

  private async drain(): Promise<void> {
    // What is handed over in the same breath is committed together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting.slice(0, GROUP);
      this.inFlight = group.length;
      const failure = await this.commit(group);
      const doubt = doubtOf(failure?.error);
      if (failure === null) this.take(group);
      else if (doubt !== null) await this.waitForOutcome(group, doubt, failure.error);
      else if (isHang(failure)) await this.waitOut(failure);
      else if (group.length > 1) await this.commitEach(group);
      else await this.refuse(group, failure);
    }
    // In the same breath as the look at what waits: whoever comes after it begins anew.
    this.isDraining = false;
    this.inFlight = 0;
  }

  /** One of them is at fault, or the database is: one by one it shows which. */
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

  /** @returns what it failed with; null: it is on disk */
  private async commit(group: readonly Entry[]): Promise<Failure | null> {
    const began = this.options.clock.now();
    try {
      await this.database.transaction(async (tx) => {
        for (const entry of group) await entry.work(tx);
      });
      return null;
    } catch (error) {
      return { error, tookMs: this.options.clock.now() - began };
    }
  }

  private take(done: readonly Entry[]): void {
    this.waiting.splice(0, done.length);
    for (const entry of done) {
      entry.caller?.resolve();
      entry.done?.();
    }
  }

  /** @returns true where the database is away, so that trying the next one makes no sense either */
  private async refuse([entry]: readonly Entry[], { error }: Failure): Promise<boolean> {
    if (entry === undefined) return false;
    const away = isProblem(error, 'database-unavailable');
    if (entry.caller !== null) {
      this.waiting.shift();
      entry.caller.reject(error);
      return false;
    }
    this.options.log({ label: entry.label, error: messageOf(error) }, 'a change could not be saved yet');
    if (!away) {
      this.waiting.shift(); // it would fail for ever, and hold up all behind it
      entry.done?.();
      this.dropped += 1;
      return false;
    }
    await this.waitOut({ error });
    return true;
  }

  /** Callers must not wait for a database that is away, each for a limit of its own; what healing decided waits. */
  private async waitOut({ error }: Pick<Failure, 'error'>): Promise<void> {
    this.refuseCallers(error);
    if (this.waiting.length > 0) await sleep(this.options.clock, this.options.retryMs ?? RETRY_MS);
  }

  /** Nobody can write meanwhile. What was decided is not saved twice: it is kept until its fate is known. */
  private async waitForOutcome(group: readonly Entry[], doubt: CommitInDoubt, error: unknown): Promise<void> {
    const kept = group.filter((entry) => entry.isKeptInDoubt).map((entry) => ({ ...entry, caller: null }));
    this.waiting.splice(0, group.length, ...kept);
    for (const entry of group) entry.caller?.reject(error);
    const unavailable = new Problem('database-unavailable', 'The database failed. Try again soon.');
    const { clock, retryMs = RETRY_MS } = this.options;
    do this.refuseCallers(unavailable);
    while (!(await isSettledWithin(clock, doubt.outcome, retryMs)));
    // They stand first still: nothing is taken from the middle but callers.
    if (await doubt.outcome) for (const entry of this.waiting.splice(0, kept.length)) entry.done?.();
  }

  private refuseCallers(error: unknown): void {
    const callers = this.waiting.filter((entry) => entry.caller !== null);
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((entry) => entry.caller === null));
    for (const entry of callers) entry.caller?.reject(error);
  }
}

function isHang({ error, tookMs }: Failure): boolean {
  return tookMs >= HANGS_MS && isProblem(error, 'database-unavailable');
}
