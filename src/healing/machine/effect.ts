import type { Diagnosis, ProblemCode } from '../../kernel';
import type { EventType, JsonValue } from '../../events';
import type { EntryRef, ProcessIdentity } from '../../processes';
import type { Launch, Run } from './phase';

/** Outcome of a command, for its callers. */
export type Answer =
  { readonly kind: 'done' } | { readonly kind: 'refused'; readonly code: ProblemCode; readonly detail: string };

/** Condition a caller waits for: a process is up, it is gone, or the decision was made. */
export type Waiters = 'up' | 'down' | 'decided';

/**
 * Reason why a process must not live. A `descendant` outlived its leader; killing it is not recorded in the history.
 */
export type ReapReason = 'orphan' | 'descendant' | 'double' | 'given-up';

/** Notification about an incident. */
export type IncidentNotification =
  | {
      readonly kind: 'escalated';
      readonly diagnosis: Diagnosis;
      /** Restarts by healing within the incident so far. */
      readonly attempts: number;
      /** True if restarts continue, after long delays. */
      readonly goesOn: boolean;
      /** When the next trial is due, on the scale of `Clock.now()`; null: only the operator can start the agent. */
      readonly trialAt: number | null;
      readonly reminderMs: number;
    }
  /** `resumedTask`: unfinished task that the recovered process was given; absent: none. */
  | { readonly kind: 'recovered'; readonly downForMs: number; readonly resumedTask?: string }
  /** The health check is misconfigured, which no restart can fix. */
  | { readonly kind: 'check-misconfigured'; readonly line: string; readonly advice: string }
  /** Closed by an operator's command or a clean exit. Nothing more is sent. */
  | { readonly kind: 'closed' };

export type Effect =
  /**
   * Launches through the launch guard; the outcome returns as an event. `lastRun`: the previous run, for the launch
   * guard.
   */
  | { readonly type: 'launch'; readonly launch: Launch; readonly lastRun: Run | null }
  /**
   * Kills a run and its descendants; the outcome returns as `kill-ended`. With `scope` agent it kills every process
   * that carries the agent's marker, known or not. `isRest`: no leader lives, so all of them are descendants of dead
   * runs, which get less time to exit.
   */
  | {
      readonly type: 'kill';
      readonly runId: string;
      readonly process: ProcessIdentity | null;
      readonly scope: 'run' | 'agent';
      readonly isRest: boolean;
    }
  /** Kills a process that must not live; `reaped` returns once it is gone. */
  | {
      readonly type: 'end-process';
      readonly process: ProcessIdentity;
      readonly runId: string | null;
      readonly why: ReapReason;
    }
  /** Removes a dead entry from PM2's list: a duplicate of an agent that runs behind another entry. */
  | { readonly type: 'forget'; readonly entry: EntryRef }
  /** Kills the descendants of a dead run, by run id. */
  | { readonly type: 'sweep'; readonly runId: string }
  | { readonly type: 'observe'; readonly scan: boolean }
  /** Removes the agent's definition and all of its state but the history, in the commit of this decision. */
  | { readonly type: 'unregister' }
  /** Grants the agent a new token budget, in the commit of this decision. */
  | { readonly type: 'reset-tokens' }
  | { readonly type: 'record'; readonly event: EventType; readonly data: Readonly<Record<string, JsonValue>> }
  | {
      readonly type: 'record-restart';
      readonly reason: string;
      readonly pidBefore: number | null;
      readonly pidAfter: number | null;
      readonly success: boolean;
      readonly incidentId: string | null;
    }
  /** Notifies the operator. */
  | { readonly type: 'notify'; readonly incidentId: string; readonly news: IncidentNotification }
  | { readonly type: 'answer'; readonly waiters: Waiters; readonly answer: Answer };
