import type { DesiredState, Diagnosis, FailureCause } from '../../kernel';
import type { ProcessIdentity } from '../../runtime';
import type { LogMark } from '../diagnosis';

/** One life of an agent's process. */
export interface Run {
  /** The generation: new at each launch of ours, equal to the process's AGENT_RUN_ID. */
  readonly runId: string;
  readonly process: ProcessIdentity;
  readonly pmId: number;
  /** PM2's time of this incarnation: it tells a restart in the operator's shell, which keeps the run id, from the run. */
  readonly upSince: number;
  /** `Clock.now()` when we learned of it. */
  readonly launchedAt: number;
  /** Where its part of the logs begins; null: not known, for it was not launched by us. */
  readonly log: LogMark | null;
  /** The daemon that launched it: a run that is missing from the list of the same daemon was deleted by a person. */
  readonly daemon: ProcessIdentity;
}

export type LaunchedBy = 'operator' | 'routing' | 'autostart' | 'healing';

/** Why a process is being launched, and what is to be done should it fail. */
export interface Launch {
  readonly runId: string;
  readonly by: LaunchedBy;
  readonly reason: string;
  /** `restart`: it takes the place of an earlier process. */
  readonly kind: 'spawn' | 'restart';
  readonly pidBefore: number | null;
  /** Number of this restart within the incident; null: not one of healing's. */
  readonly attempt: number | null;
  /** True for the one launch that an OPEN circuit allows. */
  readonly trial: boolean;
  /** Its entry was listed when this was decided: if it is missing from the list of the same daemon, a person deleted it. */
  readonly mustBeListed: boolean;
  /** It begins only once what dead runs left behind has been ended. */
  readonly afterSweeps: boolean;
  /** For a command: what to fall back to when it is refused or fails, as if it had never been given. */
  readonly fallback: Fallback | null;
}

export interface Fallback {
  readonly desired: DesiredState;
  readonly phase: StoppedPhase | DownPhase;
}

/** What follows once a run is proven to be dead. */
export type Sequel =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'start'; readonly launch: Omit<Launch, 'runId'>; readonly delayMs: number }
  | { readonly kind: 'halted' };

export interface StoppedPhase {
  readonly kind: 'stopped';
  readonly since: number;
}

export interface StartingPhase {
  readonly kind: 'starting';
  readonly since: number;
  readonly launch: Launch;
  /** `pending`: the answer is awaited. `unknown`: it did not come; lists decide, never another launch. */
  readonly outcome: 'pending' | 'unknown';
  /** Since the outcome is unknown: the lists that began after it and showed no such process, and when to look again. */
  readonly absences: number;
  readonly lookAt: number | null;
  /** The daemon under which an entry of the agent was listed since, with or without a process; null: none was seen. */
  readonly listedUnder: ProcessIdentity | null;
  /** An exit that overtook the answer. */
  readonly exit: EarlyExit | null;
}

/** What checks of a process have shown since its phase began. */
export type Checked =
  /** No good one yet; `problem`: what the latest failed one said. */
  | { readonly kind: 'awaited'; readonly problem: CheckProblem | null }
  /** Good ones only, from the first one at `since` on. */
  | { readonly kind: 'good'; readonly since: number }
  /** The latest one failed, after a good one. */
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
  readonly checked: Checked;
}

export interface RunningPhase {
  readonly kind: 'running';
  readonly since: number;
  readonly run: Run;
  readonly stable: boolean;
  readonly checked: Checked;
}

export interface StoppingPhase {
  readonly kind: 'stopping';
  readonly since: number;
  readonly runId: string;
  /** null: which process it is, if any, is not known. */
  readonly run: Run | null;
  /** A launch that is still awaited: only its outcome proves that there is nothing to end. null: none is. */
  readonly awaited: 'pending' | 'unknown' | null;
  readonly absences: number;
  /** Its exit is in the history already: PM2's event may come before the proof of its death, after it, or never. */
  readonly hasExited?: true;
  readonly then: Sequel;
  /** When to look or to kill again. */
  readonly againAt: number | null;
}

export interface DownPhase {
  readonly kind: 'down';
  readonly since: number;
  /**
   * `backing-off`: restart due. `halted`: the circuit is open and owns the due time. `restart-delay`: asked pause between
   * terminate and spawn. `waiting`: nothing is wrong with the agent, but it cannot be launched now. `operator-acting`:
   * somebody ordered its end in a shell, and we wait to see whether that is a stop, a restart or a deletion.
   * `daemon-ended`: the daemon was ended on purpose; a new one with the same list within the time means `pm2 update`.
   */
  readonly why: 'backing-off' | 'halted' | 'restart-delay' | 'waiting' | 'operator-acting' | 'daemon-ended';
  readonly until: number | null;
  /** Where an operator is acting: its own daemon listed it no longer. That the daemon is lost after that undoes nothing. */
  readonly isDeleted?: true;
  /** What is launched when the time has come. */
  readonly launch: Omit<Launch, 'runId'> | null;
}

export type Phase = StoppedPhase | StartingPhase | VerifyingPhase | RunningPhase | StoppingPhase | DownPhase;

/** From the first failure until it has been stable again, or a person stops or resets it. */
export interface Incident {
  readonly id: string;
  readonly openedAt: number;
  /** Our restarts within the incident so far. */
  readonly attempt: number;
  readonly escalated: boolean;
}

export interface ExitFacts {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** An exit of a run that is not known yet. */
export interface EarlyExit extends ExitFacts {
  /** Somebody ordered it in a shell. */
  readonly ordered: boolean;
}

/** Why it was last restarted or halted, in one line. */
export interface LastFailure {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  readonly cause: FailureCause;
  readonly line: string;
  /** `none`: of an agent that is only watched. */
  readonly action: 'restart' | 'halt' | 'stop' | 'none';
  readonly incidentId: string;
}

/** The latest diagnosis, for whoever asks why. */
export interface SavedDiagnosis {
  readonly diagnosis: Diagnosis;
  readonly incidentId: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
}

/** Of an agent that we watch and do not launch. */
export interface ExternalFacts {
  /** A good check was seen once: until then nothing is counted. */
  readonly wasSeen: boolean;
  /** Failed checks since the last failure was counted. */
  readonly failedChecks: number;
  /** Since when checks are good again; null: the latest failed, or none was seen. */
  readonly goodSince: number | null;
}

/**
 * Everything that healing knows of one agent. The desired state is the registry's, the circuit is the circuit's: both
 * travel with the state through `transition`, and are given back to their owners.
 */
export interface AgentState {
  readonly phase: Phase;
  readonly incident: Incident | null;
  /** The latest run that stood in PM2's list under us: its entry, if stopped, is still there. */
  readonly lastRun: Run | null;
  /** `Clock.now()` when a person last asked for a start: what a shell did before is overtaken. */
  readonly startAskedAt: number;
  /** The same of a stop: what was started in a shell after it is a person's later word. */
  readonly stopAskedAt: number;
  /** Runs whose launch was given up without an answer: should one appear, it is ended, never adopted. */
  readonly ghosts: readonly string[];
  /** The run whose failure is counted: at most one failure a generation. */
  readonly failedRunId: string | null;
  /** Launches that took the place of an earlier process, over its whole life. */
  readonly restarts: number;
  readonly lastFailure: LastFailure | null;
  readonly diagnosis: SavedDiagnosis | null;
  /** The process that was last told to be unhealthy, until it is told to be well again; null: none. */
  readonly unhealthy: { readonly incarnation: string; readonly cause: FailureCause } | null;
  /** Until then healing observes and records, but neither kills nor starts it; null: it is not paused. */
  readonly pausedUntil: number | null;
  readonly external: ExternalFacts | null;
}

export function newAgentState(now: number): AgentState {
  return {
    phase: { kind: 'stopped', since: now },
    incident: null,
    lastRun: null,
    startAskedAt: 0,
    stopAskedAt: 0,
    ghosts: [],
    failedRunId: null,
    restarts: 0,
    lastFailure: null,
    diagnosis: null,
    unhealthy: null,
    pausedUntil: null,
    external: null,
  };
}

export const NOT_CHECKED: Checked = { kind: 'awaited', problem: null };

/** A process in one word that is new with each of them: a restart in a shell keeps the run id. */
export function incarnationOf(run: Run): string {
  return `${run.runId}:${run.process.pid}`;
}

/** The live run of a phase, as far as is known. */
export function runOf(phase: Phase): Run | null {
  switch (phase.kind) {
    case 'verifying':
    case 'running':
    case 'stopping':
      return phase.run;
    case 'stopped':
    case 'starting':
    case 'down':
      return null;
  }
}

/** The run whose token counts now: also that of a launch whose answer is still awaited, for it may speak first. */
export function currentRunId(phase: Phase): string | null {
  if (phase.kind === 'starting') return phase.launch.runId;
  if (phase.kind === 'stopping') return phase.runId;
  return runOf(phase)?.runId ?? null;
}
