import type { Diagnosis } from '../../kernel';
import type { ListedProcess, ProcessIdentity, UnlistedProcess } from '../../runtime';
import type { EndReason } from './effect';
import type { CheckProblem, ExitFacts, LaunchedBy, Run } from './state';

/** What a list showed of one agent. */
export interface Observation {
  /** `Clock.now()` before the list was asked for: it can say nothing of what happened after that. */
  readonly beganAt: number;
  /** Whole process table looked through, not only the daemon's children. */
  readonly scanned: boolean;
  readonly daemon: ProcessIdentity;
  readonly listed: readonly ListedProcess[];
  readonly unlisted: readonly UnlistedProcess[];
  /** The first look after a start of ours. */
  readonly boot: boolean;
}

/** The causes that are known before PM2 is asked. */
export type LaunchRefusal = 'entry-point-missing' | 'interpreter-missing' | 'configuration';

/** Why a launch certainly led to no process. */
export type LaunchFault =
  /** The definition cannot be launched: found before PM2 was asked. */
  | {
      readonly kind: 'refused';
      readonly refusal: LaunchRefusal;
      readonly evidence: string;
    }
  /** PM2 tried, and there was no process. */
  | { readonly kind: 'failed'; readonly evidence: string }
  /** Nothing is wrong with the agent: the machine is short of something, or PM2 does not answer. */
  | { readonly kind: 'resources' | 'unavailable'; readonly evidence: string }
  /** It was overtaken before PM2 was asked. */
  | { readonly kind: 'cancelled' };

export type MachineEvent =
  /** `mayTrial` false leaves a halted agent alone (a bulk spawn, routing). */
  | { readonly type: 'start-asked'; readonly by: LaunchedBy; readonly mayTrial: boolean }
  /** `looked`: a list was seen since it was asked, or the phase needs none; else the process table has to be looked through. */
  | { readonly type: 'stop-asked'; readonly by: string; readonly looked: boolean }
  | { readonly type: 'restart-asked'; readonly reason: string; readonly delayMs: number }
  | { readonly type: 'reset-asked' }
  | { readonly type: 'launch-succeeded'; readonly run: Run }
  | { readonly type: 'launch-failed'; readonly runId: string; readonly fault: LaunchFault }
  /** `listedUnder`: the daemon that listed an entry of the agent just before; null: none was listed, or nobody knows. */
  | { readonly type: 'launch-unknown'; readonly runId: string; readonly listedUnder: ProcessIdentity | null }
  /** The launch guard saw that it must not be launched now: it lives, or a person has deleted it. */
  | { readonly type: 'launch-blocked'; readonly runId: string; readonly observation: Observation }
  | {
      readonly type: 'kill-ended';
      readonly runId: string;
      readonly scope: 'run' | 'agent';
      readonly gone: boolean;
      readonly pids: readonly number[];
    }
  | {
      readonly type: 'exited';
      readonly runId: string | null;
      readonly upSince: number;
      readonly exit: ExitFacts;
      readonly ordered: boolean;
    }
  /** A process that must not live has been ended. */
  | { readonly type: 'reaped'; readonly pid: number; readonly runId: string | null; readonly why: EndReason }
  /** `upSince` of the incarnation that was stopped, or had ended before; `at`: when it was, on our own scale. */
  | { readonly type: 'operator-stopped'; readonly upSince: number; readonly at: number }
  | { readonly type: 'daemon-ending'; readonly daemon: ProcessIdentity }
  | { readonly type: 'observed'; readonly observation: Observation }
  /** Somebody counted failures or a success by hand, and the circuit opened or closed. */
  | { readonly type: 'circuit-moved' }
  /** A check of a process was made, or what is known of it without one was looked at. */
  | {
      readonly type: 'checked';
      /** Which process; null: an agent that we do not launch. */
      readonly incarnation: string | null;
      /** null: it was good. */
      readonly problem: CheckProblem | null;
      /** It failed before the first good one, within the time that a start may take. */
      readonly withinGrace: boolean;
      /** The verdict is failing, and why; null: it is not. */
      readonly failing: Diagnosis | null;
      /** False: many fail by one cause, which is no fault of theirs, so it is recorded only. */
      readonly mayAct: boolean;
    }
  /** `until`: on the scale of `Clock.now()`. */
  | { readonly type: 'pause-asked'; readonly until: number }
  | { readonly type: 'resume-asked' }
  /** Somebody wants a person to be told now, whatever the circuit says. */
  | { readonly type: 'escalate-asked'; readonly diagnosis: Diagnosis }
  /** Nothing ran for a while: the windows in which something was waited for begin again. */
  | { readonly type: 'resumed' }
  | { readonly type: 'timer' };
