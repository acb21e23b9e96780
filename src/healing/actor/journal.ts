import type { DesiredState } from '../../kernel';
import type { RegisteredAgent } from '../../registry';
import type { Circuit } from '../../circuit';
import type { EventDraft } from '../../events';
import type { AgentState, IncidentNotification } from '../machine';

export interface RestartRecord {
  readonly reason: string;
  readonly pidBefore: number | null;
  readonly pidAfter: number | null;
  readonly success: boolean;
  readonly incidentId: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly restartedAt: number;
}

/** Notification about an incident of one agent. */
export interface IncidentNews {
  readonly incidentId: string;
  readonly news: IncidentNotification;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** Wall clock minus `Clock.now()`: converts the times in `news` to the wall clock. */
  readonly wallOffsetMs: number;
}

/** Effect of a decision on the definition. */
export type DefinitionChange =
  { readonly kind: 'saved'; readonly agent: RegisteredAgent } | { readonly kind: 'removed' };

/** Everything that one decision changes about one agent; saved in one transaction. */
export interface Change {
  readonly agentId: string;
  readonly state: AgentState;
  readonly desired: DesiredState;
  readonly circuit: Circuit;
  /** null: the definition is unchanged. With `removed` only the agent's history is kept. */
  readonly definition: DefinitionChange | null;
  /** `reset`: the agent gets a new token budget. `reset-undone`: a reset that may have been saved is undone. */
  readonly tokens: 'reset' | 'reset-undone' | null;
  /** Wall clock minus `Clock.now()`. A later process needs it to read the times of the state. */
  readonly wallOffsetMs: number;
  readonly events: readonly EventDraft[];
  readonly restarts: readonly RestartRecord[];
  readonly incidentNews: readonly IncidentNews[];
}

export interface CommitOptions {
  /**
   * True if the command acts even without a save. The journal then keeps a commit in doubt and saves it exactly once.
   */
  readonly isKeptInDoubt: boolean;
}

/** Persists decisions. Changes become durable in the order in which they were handed over. */
export interface Journal {
  /**
   * Resolves once the change is on disk. A command waits for that before it acts.
   *
   * @throws Problem `database-unavailable`; nothing was saved then, unless `doubtOf` says that this is unknown
   */
  commit(change: Change, options: CommitOptions): Promise<void>;
  /**
   * Queues a decision of healing, which acts before it is saved. The queue is bounded and waits while the database is
   * away. Resolves once the change is on disk; never rejects.
   */
  commitEventually(change: Change): Promise<void>;
}
