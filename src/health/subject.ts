import type { AgentStatus, Diagnosis } from '../kernel';
import type { ProcessIdentity } from '../runtime';

/** What health has to know of an agent; healing knows it. */
export interface HealthSubject {
  /** Somebody else launches it. */
  readonly isExternal: boolean;
  readonly shouldRun: boolean;
  /** It was launched, and is still to be seen well: it is asked soon and often. */
  readonly isFresh: boolean;
  /** Its process in one word that is new with each; null: it has none, or is external. */
  readonly incarnation: string | null;
  readonly process: ProcessIdentity | null;
  /** `Clock.now()` since when it may be asked: its launch, or our look at it; null: it has no process. */
  readonly upSince: number | null;
}

/** What a check, and all else that is known, says of an agent. */
export interface HealthOutcome {
  readonly incarnation: string | null;
  /** What the check said; null: it was good. */
  readonly problem: { readonly cause: Diagnosis['cause']; readonly line: string } | null;
  /** It failed before the first good one, within the time that a start may take: it counts for nothing. */
  readonly withinGrace: boolean;
  /** The verdict; null: not failing. */
  readonly failing: Diagnosis | null;
}

/** What healing hands in. */
export interface HealthHooks {
  subjectOf(agentId: string): HealthSubject | null;
  statusOf(agentId: string): AgentStatus;
  /** After each periodic look at an agent. */
  checked(agentId: string, outcome: HealthOutcome): void;
  /** Our own loop was held up for so long while checks failed: they were not counted. */
  lagged(lagMs: number): void;
}
