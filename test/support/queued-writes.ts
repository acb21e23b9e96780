import { Problem } from '../../src/kernel';
import { CommitInDoubt } from '../../src/persistence/database/commit-in-doubt';
import { WriteQueue, type DecidedChange, type Work } from '../../src/persistence/write-queue';
import type { Tx } from '../../src/persistence';
import { FakeClock } from './fake-clock';

/**
 * A database that keeps what is written, each transaction atomically. It can be unavailable, or hold back its answers.
 */
class FakeDatabase {
  readonly saved: string[] = [];
  /** Number of works in each successful transaction. */
  readonly groups: number[] = [];
  attempts = 0;
  isAway = false;
  readonly transactions: string[][] = [];
  /** Leaves the next commit in doubt; its outcome becomes known after a delay. */
  inDoubt: { happens: boolean; outcome: (delayMs: number, action: () => void) => unknown } | null = null;
  /** Outcome of the next commit, which is left in doubt; null to answer it normally. */
  doubt: Promise<boolean> | null = null;
  private gate: Promise<void> | null = null;
  private openGate: () => void = () => undefined;

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.openGate = resolve;
    });
  }

  release(): void {
    this.gate = null;
    this.openGate();
  }

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    this.attempts += 1;
    const writes: string[] = [];
    // Works in these tests write through `write` only.
    const value = await work(writes as unknown as Tx);
    if (this.gate !== null) await this.gate;
    if (this.isAway) throw new Problem('database-unavailable', 'away');
    if (this.doubt !== null) {
      const { doubt } = this;
      this.doubt = null;
      this.saved.push(...writes);
      const cause = new CommitInDoubt('the engine was lost', doubt);
      throw new Problem('database-unavailable', 'not known', { cause });
    }
    if (this.inDoubt !== null) {
      const { happens, outcome } = this.inDoubt;
      this.inDoubt = null;
      if (happens) this.saved.push(...writes);
      const later = new Promise<boolean>((resolve) => {
        outcome(3 * RETRY_MS, () => {
          resolve(happens);
        });
      });
      throw new Problem('database-unavailable', 'not known', { cause: new CommitInDoubt('lost', later) });
    }
    this.saved.push(...writes);
    this.groups.push(writes.length);
    this.transactions.push(writes);
    return value;
  }
}

export const write =
  (text: string): Work =>
  (tx) => {
    (tx as unknown as string[]).push(text);
    return Promise.resolve();
  };

export const bad =
  (text: string): Work =>
  async (tx) => {
    await write(text)(tx);
    throw new Error(`${text} is bad`);
  };

export const RETRY_MS = 500;

export const change = (event: string, state: string): DecidedChange => ({
  append: write(event),
  state: { key: 'state', work: write(state) },
});

export function makeQueue(options: { maxAppended?: number; maxSamples?: number } = {}) {
  const clock = new FakeClock();
  const database = new FakeDatabase();
  const logged: Readonly<Record<string, unknown>>[] = [];
  const queue = new WriteQueue(database, { clock, log: (fields) => logged.push(fields), ...options });
  /** Submits the work of a caller and records its outcome. */
  const outcomes: string[] = [];
  const submit = (text: string, work = write(text)) => {
    queue.submit(work).then(
      () => outcomes.push(`${text} saved`),
      (error: unknown) => outcomes.push(`${text}: ${error instanceof Problem ? error.code : String(error)}`),
    );
  };
  return { clock, database, logged, queue, outcomes, submit };
}
