import type { Diagnosis, ProblemCode } from '../../kernel';
import type { CircuitEvent } from '../../circuit';
import type { EventType, JsonValue } from '../../events';
import type { ProcessIdentity } from '../../runtime';
import type { Launch, Run } from './state';

/** How a command ended, for those who wait for it. */
export type Answer =
  { readonly kind: 'done' } | { readonly kind: 'refused'; readonly code: ProblemCode; readonly detail: string };

/** Who waits: for a process to be up, for it to be gone, or only for the decision. */
export type Waiters = 'up' | 'down' | 'decided';

/** Why a process must not live. `descendant`: it belongs to a dead leader, and is no news of its own. */
export type EndReason = 'orphan' | 'descendant' | 'double' | 'given-up';

/** What a person is told of an incident. */
export type News =
  | {
      readonly kind: 'escalated';
      readonly diagnosis: Diagnosis;
      /** Restarts that were made in vain. */
      readonly attempts: number;
      /** It goes on being restarted, after long pauses. */
      readonly goesOn: boolean;
      /** When the next trial is due, `Clock.now()`; null: only a person can start it. */
      readonly trialAt: number | null;
      readonly reminderMs: number;
    }
  | { readonly kind: 'recovered'; readonly downForMs: number }
  /** A person has taken it over: nothing more is to be told. */
  | { readonly kind: 'closed' };

export type Effect =
  /** Through the launch guard; the outcome comes back as an event. `lastRun`: whose entry it takes over. */
  | { readonly type: 'launch'; readonly launch: Launch; readonly lastRun: Run | null }
  /**
   * End a run and its descendants; the outcome comes back as `kill-ended`. `scope` agent: whatever else of the agent lives
   * too, for what is stopped has no process at all, also none that nobody knew of.
   */
  | {
      readonly type: 'kill';
      readonly runId: string;
      readonly process: ProcessIdentity | null;
      readonly scope: 'run' | 'agent';
    }
  /** End a process that must not live; once it is gone, `reaped` comes back. */
  | {
      readonly type: 'end-process';
      readonly process: ProcessIdentity;
      readonly runId: string | null;
      readonly why: EndReason;
    }
  /** Take a dead entry out of the list: a second one of an agent that lives behind another. */
  | { readonly type: 'forget'; readonly pmId: number }
  /** End what a dead leader left behind, by its run id. */
  | { readonly type: 'sweep'; readonly runId: string }
  | { readonly type: 'observe'; readonly scan: boolean }
  | { readonly type: 'circuit'; readonly event: CircuitEvent }
  | { readonly type: 'record'; readonly event: EventType; readonly data: Readonly<Record<string, JsonValue>> }
  | {
      readonly type: 'record-restart';
      readonly reason: string;
      readonly pidBefore: number | null;
      readonly pidAfter: number | null;
      readonly success: boolean;
      readonly incidentId: string | null;
    }
  /** A person is to be told. */
  | { readonly type: 'notify'; readonly incidentId: string; readonly news: News }
  | { readonly type: 'answer'; readonly waiters: Waiters; readonly answer: Answer };
