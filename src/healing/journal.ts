import type { DesiredState } from '../kernel';
import type { Circuit } from '../circuit';
import type { EventDraft } from '../events';
import type { AgentState, News } from './machine';

export interface RestartRecord {
  readonly reason: string;
  readonly pidBefore: number | null;
  readonly pidAfter: number | null;
  readonly success: boolean;
  readonly incidentId: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly restartedAt: number;
}

/** What a person is to be told of an incident of one agent. */
export interface Telling {
  readonly incidentId: string;
  readonly news: News;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** Wall clock of what the news give on the scale of `Clock.now()`, less that. */
  readonly wallOffsetMs: number;
}

/** All that one decision changes about one agent; saved in one transaction. */
export interface Change {
  readonly agentId: string;
  readonly state: AgentState;
  readonly desired: DesiredState;
  readonly circuit: Circuit;
  readonly events: readonly EventDraft[];
  readonly restarts: readonly RestartRecord[];
  readonly tellings: readonly Telling[];
}

export interface CommitOptions {
  /** It acts whatever becomes of its save: one that is left in doubt is kept here, and saved once. */
  readonly isKeptInDoubt: boolean;
}

/** Where decisions are kept. Changes become durable in the order in which they were handed over. */
export interface Journal {
  /**
   * Resolves once it is on disk: a person's command waits for that before it acts.
   *
   * @throws Problem `database-unavailable`; then nothing of it was saved, unless `doubtOf` it says that this is not known
   */
  commit(change: Change, options: CommitOptions): Promise<void>;
  /** What healing decides acts before its save; it waits in a bounded queue while the database is away.
   * Resolves once it is on disk; never rejects. */
  commitEventually(change: Change): Promise<void>;
}
