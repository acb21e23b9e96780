import type { Diagnosis } from '../../kernel';
import type { CircuitEvent } from '../../circuit';
import type { ListedProcess, ProcessIdentity, UnlistedProcess } from '../../processes';
import type { ReapReason } from './effect';
import type { CheckProblem, ExitFacts, LaunchedBy, LaunchFacts, Run } from './phase';

/** Result of a misconfigured check: the evidence and the advice. */
export interface MisconfiguredCheck {
  readonly line: string;
  readonly advice: string;
  /** Identifies `healthUrl` and `healthHeaders` of the definition; changes when they change. */
  readonly setup: string;
}

/** Part of a snapshot that concerns one agent. */
export interface Observation {
  /** `Clock.now()` before the snapshot was requested. It shows nothing that happened later. */
  readonly beganAt: number;
  /** True if the whole process table was scanned, not only the daemon's children. */
  readonly scanned: boolean;
  readonly daemon: ProcessIdentity;
  readonly listed: readonly ListedProcess[];
  readonly unlisted: readonly UnlistedProcess[];
  /** True for the first snapshot after the supervisor started. */
  readonly boot: boolean;
}

/** Causes that are detected before PM2 is called. */
export type LaunchRefusal = 'entry-point-missing' | 'interpreter-missing' | 'configuration' | 'over-budget';

/** Reason why a launch certainly created no process. */
export type LaunchFault =
  /** The definition cannot be launched; detected before PM2 was called. */
  | {
      readonly kind: 'refused';
      readonly refusal: LaunchRefusal;
      readonly evidence: string;
    }
  /** PM2 tried, but no process came up. */
  | { readonly kind: 'failed'; readonly evidence: string }
  /** The agent is not at fault: the machine lacks a resource, or PM2 does not answer. */
  | { readonly kind: 'resources' | 'unavailable'; readonly evidence: string }
  /** A later command superseded the launch before PM2 was called. */
  | { readonly kind: 'cancelled' };

export type MachineEvent =
  /** `mayTrial` false leaves a halted agent halted (bulk spawn). */
  | { readonly type: 'start-asked'; readonly by: LaunchedBy; readonly mayTrial: boolean }
  /**
   * `hasFreshSnapshot`: a snapshot was taken since the request, or the phase needs none. Otherwise the process table
   * must be scanned.
   */
  | { readonly type: 'stop-asked'; readonly by: string; readonly hasFreshSnapshot: boolean }
  | { readonly type: 'restart-asked'; readonly reason: string; readonly delayMs: number }
  /** A caller requests a recovery now. */
  | { readonly type: 'recovery-asked'; readonly reason: string }
  | { readonly type: 'reset-asked' }
  /**
   * Registers the agent; the commit of this decision saves its definition, and with `autostart` its launch. An external
   * agent has no autostart.
   */
  | {
      readonly type: 'register-asked';
      readonly name: string;
      readonly entryPoint: string | null;
      readonly autostart: boolean;
    }
  /** The commit of this decision saves the changed definition. */
  | {
      readonly type: 'update-asked';
      readonly members: readonly string[];
      /** True if launch members changed. A running process keeps its old ones. */
      readonly changesLaunch: boolean;
      readonly capabilities: { readonly before: readonly string[]; readonly after: readonly string[] } | null;
    }
  | { readonly type: 'unregister-asked' }
  /** A caller counts a failure or a success by hand. */
  | { readonly type: 'circuit-asked'; readonly event: CircuitEvent }
  | { readonly type: 'launch-succeeded'; readonly run: Run }
  | { readonly type: 'launch-failed'; readonly runId: string; readonly fault: LaunchFault }
  /**
   * `listedUnder`: the daemon that listed an entry of the agent just before; null: none was listed, or that is unknown.
   * `facts`: null if the launch was not planned.
   */
  | {
      readonly type: 'launch-unknown';
      readonly runId: string;
      readonly listedUnder: ProcessIdentity | null;
      readonly facts: LaunchFacts | null;
    }
  /** The launch guard refused the launch: a process of the agent lives, or the operator deleted its entry. */
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
  /** A process that must not live was killed. */
  | { readonly type: 'reaped'; readonly pid: number; readonly runId: string | null; readonly why: ReapReason }
  /**
   * `upSince`: the incarnation that was stopped, or had exited before. `at`: time of the stop, on the scale of
   * `Clock.now()`.
   */
  | { readonly type: 'operator-stopped'; readonly upSince: number; readonly at: number }
  | { readonly type: 'daemon-ending'; readonly daemon: ProcessIdentity }
  | { readonly type: 'observed'; readonly observation: Observation }
  /** A check completed, or health was judged without one. */
  | {
      readonly type: 'checked';
      /** The checked incarnation; null: the agent is external. */
      readonly incarnation: string | null;
      /** null: the check was good, misconfigured or excused. */
      readonly problem: CheckProblem | null;
      /** True if it failed before the first good check and within the startup grace. */
      readonly withinGrace: boolean;
      /** Diagnosis of a failing verdict; null: the verdict is not failing. */
      readonly failing: Diagnosis | null;
      /** False during a fleet incident, or while one is likely: the failing verdict is only recorded. */
      readonly mayAct: boolean;
      /** Set if the check is at fault, not the agent. `problem` is then null, although the check was not good. */
      readonly misconfigured?: MisconfiguredCheck;
      /** Set if it timed out because the agent is busy. It is neither good nor failed. `problem` is then null. */
      readonly isExcused?: true;
    }
  /** `until` is on the scale of `Clock.now()`. */
  | { readonly type: 'pause-asked'; readonly until: number }
  | { readonly type: 'resume-asked' }
  /** A caller requests an escalation now, whatever the circuit's state. */
  | { readonly type: 'escalate-asked'; readonly diagnosis: Diagnosis }
  /** The supervisor resumed from a suspend. All open windows start again. */
  | { readonly type: 'resumed' }
  | { readonly type: 'timer' };

/** Event of one type. */
export type EventOf<T extends MachineEvent['type']> = Extract<MachineEvent, { readonly type: T }>;
