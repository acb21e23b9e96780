import { WriteQueue, type Database, type Tx } from '../../src/persistence';
import { Problem } from '../../src/kernel';
import { FakeClock } from './fake-clock';

/** Outcome of the next transactions: they commit, are rejected by the database, or hang until `release`. */
export type Fate = 'commits' | 'fails' | 'hangs';

/** A real write queue whose transactions have the outcome that the test sets. */
export class GatedQueue {
  readonly queue: WriteQueue;
  fate: Fate = 'commits';
  /** Number of transactions that were started. */
  begun = 0;
  private waiting: (() => void)[] = [];

  constructor(database: Database) {
    const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      this.begun += 1;
      const { fate } = this;
      if (fate === 'hangs') await new Promise<void>((resolve) => this.waiting.push(resolve));
      if (fate === 'fails' || (fate === 'hangs' && this.fate === 'fails')) throw refusal();
      return database.transaction(work);
    };
    this.queue = new WriteQueue({ transaction }, { clock: new FakeClock(), log: () => undefined });
  }

  /** Resumes the hanging transactions, which end with this outcome, as do all later ones. */
  release(fate: 'commits' | 'fails'): void {
    this.fate = fate;
    for (const resume of this.waiting.splice(0)) resume();
  }
}

function refusal(): Problem {
  return new Problem('database-unavailable', 'the database is unavailable');
}
