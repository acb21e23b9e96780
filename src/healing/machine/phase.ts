import type { DesiredState, FailureCause } from '../../kernel';
import type { ProcessIdentity } from '../../processes';
import type { LogMark, RunProgram } from '../diagnosis';

/** Interval between snapshots while a launch or a death is unproven. */
export const LOOK_AGAIN_MS = 1_000;
export const KILL_AGAIN_MS = 5_000;
/** Time for the operator's shell command to finish after an ordered exit. */
export const OPERATOR_ACTING_MS = 2_000;

/** Facts of a launch that are needed as long as its process lives. */
export interface LaunchFacts {
  /** Start of the process's part of the logs; null: unknown. */
  readonly log: LogMark | null;
  /** Program that was launched; null: unknown. The definition may name another one by now. */
  readonly program: RunProgram | null;
  /** Identifies the launch members of the definition it was launched with; null: unknown. */
  readonly fingerprint: string | null;
}

/** One process life of an agent, launched or adopted by the supervisor. */
export interface Run extends LaunchFacts {
  /** The generation: new at each launch, equal to the process's AGENT_RUN_ID. */
  readonly runId: string;
  readonly process: ProcessIdentity;
  readonly entryId: number;
  readonly uniqueId: string;
  /** PM2's start time of this incarnation. A `pm2 restart` keeps the run id but changes this time. */
  readonly upSince: number;
  /** `Clock.now()` when the supervisor learned of the run. */
  readonly launchedAt: number;
  /** Daemon that launched it. If that daemon no longer lists the run, the operator deleted it. */
  readonly daemon: ProcessIdentity;
}

/** Origin of a launch. `recovery`: healing acts now instead of when it is due, at a caller's request. */
export type LaunchedBy = 'operator' | 'routing' | 'autostart' | 'healing' | 'recovery';

/** Returns true for a launch that healing decided. It yields to every command of the operator. */
export function isOfHealing(by: LaunchedBy): boolean {
  return by === 'healing' || by === 'recovery' || by === 'autostart';
}

/** Launch of a process: its origin, its reason, and its fallback. */
export interface Launch {
  readonly runId: string;
  readonly by: LaunchedBy;
  readonly reason: string;
  /** `restart`: it replaces an earlier process. */
  readonly kind: 'spawn' | 'restart';
  readonly pidBefore: number | null;
  /** Number of this restart within the incident; null: not an attempt of healing. */
  readonly attempt: number | null;
  /** True for the one launch that an OPEN circuit allows. */
  readonly trial: boolean;
  /**
   * True if its entry was listed when this was decided. If the same daemon lists it no longer, the operator deleted it.
   */
  readonly mustBeListed: boolean;
  /** True if the descendants of dead runs must be killed before it starts. */
  readonly afterSweeps: boolean;
  /** Set for a retry after PM2 or the machine could not take the launch. The attempt is already recorded. */
  readonly isRetry?: true;
  /** State to restore if a command is refused or fails, as if it had not been given; null: none. */
  readonly fallback: Fallback | null;
}

export interface Fallback {
  readonly desired: DesiredState;
  readonly phase: StoppedPhase | DownPhase;
}

export interface ExitFacts {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Exit of a run whose launch is not answered yet. */
export interface EarlyExit extends ExitFacts {
  /** True if the operator ordered it in a shell. */
  readonly ordered: boolean;
}

/** Next step once a stopped run is proven dead. */
export type AfterStop =
  /**
   * `updateUntil`: its daemon was killed on purpose, and until then `pm2 update` may bring it back. `by`: set if no
   * operator requested the stop, but the agent was idle.
   */
  | { readonly kind: 'stopped'; readonly updateUntil?: number; readonly by?: 'idle' }
  | { readonly kind: 'start'; readonly launch: Omit<Launch, 'runId'>; readonly delayMs: number }
  | { readonly kind: 'halted' }
  /** The agent leaves the registry once no process of it lives. */
  | { readonly kind: 'unregistered' };

export interface StoppedPhase {
  readonly kind: 'stopped';
  readonly since: number;
  /** Set if no process with the agent's marker was left. Otherwise descendants of its last run may live. */
  readonly isProven?: true;
}

export interface StartingPhase {
  readonly kind: 'starting';
  readonly since: number;
  readonly launch: Launch;
  /** {@link AgentState.revision} when the launch was decided. */
  readonly revision: number;
  /** `pending`: the answer is awaited. `unknown`: it did not come; snapshots decide, never another launch. */
  readonly outcome: 'pending' | 'unknown';
  /** While the outcome is unknown: snapshots so far without the process, and when to take the next one. */
  readonly absences: number;
  readonly lookAt: number | null;
  /**
   * Daemon that listed an entry of the agent just before the launch or since, with or without a process; null: none
   * did.
   */
  readonly listedUnder: ProcessIdentity | null;
  /** Exit that was reported before the launch's answer. */
  readonly exit: EarlyExit | null;
}

/** Check results of a process since its phase began. */
export type CheckHistory =
  /** No good check yet; `problem`: the latest failure. */
  | { readonly kind: 'awaited'; readonly problem: CheckProblem | null }
  /** Only good checks since `since`. */
  | { readonly kind: 'good'; readonly since: number }
  /** The latest check failed, after a good one or after the startup grace. */
  | { readonly kind: 'failed' };

export interface CheckProblem {
  readonly cause: FailureCause;
  readonly line: string;
}

export interface VerifyingPhase {
  readonly kind: 'verifying';
  readonly since: number;
  readonly run: Run;
  readonly launch: Launch | null;
  readonly checked: CheckHistory;
}

export interface RunningPhase {
  readonly kind: 'running';
  readonly since: number;
  readonly run: Run;
  readonly stable: boolean;
  readonly checked: CheckHistory;
}

export interface StoppingPhase {
  readonly kind: 'stopping';
  readonly since: number;
  readonly runId: string;
  /** null: the process, if any, is unknown. */
  readonly run: Run | null;
  /** Launch that is still awaited: only its outcome proves that there is nothing to kill. null: none is awaited. */
  readonly awaited: 'pending' | 'unknown' | null;
  readonly absences: number;
  /** Set once its exit is recorded. PM2's event may come before the proof of its death, after it, or never. */
  readonly hasExited?: true;
  readonly then: AfterStop;
  /** When to take a snapshot or to kill again. */
  readonly againAt: number | null;
}

export interface DownPhase {
  readonly kind: 'down';
  readonly since: number;
  /**
   * `backing-off`: a restart is scheduled. `halted`: the circuit is open and owns the due time. `restart-delay`: the
   * requested delay between terminate and spawn. `waiting`: the agent is not at fault, but cannot be launched now.
   * `operator-acting`: the operator ordered its exit in a shell; snapshots will show if that is a stop, a restart or a
   * deletion. `daemon-ended`: the daemon was killed on purpose; a new one with the same list within the time means `pm2
   * update`.
   */
  readonly why: 'backing-off' | 'halted' | 'restart-delay' | 'waiting' | 'operator-acting' | 'daemon-ended';
  readonly until: number | null;
  /**
   * Set in `operator-acting` once its own daemon listed it no longer. A later loss of the daemon does not undo the
   * deletion.
   */
  readonly isDeleted?: true;
  /**
   * Daemon that listed the agent's entry, although no run of the agent is known: PM2 answered no launch. If the same
   * daemon lists it no longer, the operator deleted it.
   */
  readonly listedUnder?: ProcessIdentity;
  /** Launch to make at `until`. */
  readonly launch: Omit<Launch, 'runId'> | null;
}

export type Phase = StoppedPhase | StartingPhase | VerifyingPhase | RunningPhase | StoppingPhase | DownPhase;
