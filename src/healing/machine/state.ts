import type { Diagnosis, FailureCause } from '../../kernel';
import type { CheckHistory, LaunchFacts, Phase, Run } from './phase';

/** Lasts from the first failure until the agent is stable again, or until the operator stops or resets it. */
export interface Incident {
  readonly id: string;
  readonly openedAt: number;
  /** Restarts by healing within the incident so far. */
  readonly attempt: number;
  readonly escalated: boolean;
}

/** Reason for the latest restart or halt, in one line. */
export interface LastFailure {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  readonly cause: FailureCause;
  readonly line: string;
  /** `none`: the agent is external, so its process is not touched. */
  readonly action: 'restart' | 'halt' | 'stop' | 'none';
  readonly incidentId: string;
}

/** The latest diagnosis, kept for readers. */
export interface SavedDiagnosis {
  readonly diagnosis: Diagnosis;
  readonly incidentId: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
}

/** Series of misconfigured checks with the same settings. */
export interface MisconfiguredRow {
  readonly setup: string;
  /** Stays at the number that triggers the notification, so that it is sent once. */
  readonly count: number;
}

/** Launch that PM2 did not answer, and whose process was not seen. */
export interface UnansweredLaunch extends LaunchFacts {
  readonly runId: string;
}

/** Health of an external agent. */
export interface ExternalFacts {
  /** True once a good check was seen. Before that nothing is counted. */
  readonly wasSeen: boolean;
  /** Checks with a failing verdict, modulo the number that counts as one failure. */
  readonly failedChecks: number;
  /** Time since which checks are good; null: the latest failed, or there was none. */
  readonly goodSince: number | null;
}

/**
 * State that healing keeps of one agent. The registry owns the desired state, and the circuit module the circuit. Both
 * pass through `transition` together with this state and are handed back to their owners.
 */
export interface AgentState {
  readonly phase: Phase;
  /**
   * Counts changes of the definition's launch members. A launch decided before one does not satisfy a later restart.
   */
  readonly revision: number;
  readonly incident: Incident | null;
  /** The latest run in PM2's list. If it is stopped, its entry is still listed. */
  readonly lastRun: Run | null;
  /** The latest unanswered launch. If a process with its run id appears, its run takes over the facts. */
  readonly unanswered: UnansweredLaunch | null;
  /** `Clock.now()` when the operator last requested a start, which supersedes earlier shell commands. */
  readonly startAskedAt: number;
  /** `Clock.now()` when the operator last requested a stop. A later start in a shell supersedes it. */
  readonly stopAskedAt: number;
  /** Runs whose launch was given up without an answer. If one appears, it is killed, never adopted. */
  readonly ghosts: readonly string[];
  /** Run whose failure was counted: at most one failure per generation. */
  readonly failedRunId: string | null;
  /**
   * Cause by which the run before the present one failed or, until the next launch, the latest run. null: that run did
   * not fail, its failure was not counted, or an operator or the end of the incident came between.
   */
  readonly previousCause: FailureCause | null;
  /** Launches that replaced an earlier process, over the agent's lifetime. */
  readonly restarts: number;
  /**
   * True while the agent runs only because routing started it, so that it is stopped when it is idle. An operator's
   * start or restart makes it the operator's.
   */
  readonly onDemand: boolean;
  readonly lastFailure: LastFailure | null;
  readonly diagnosis: SavedDiagnosis | null;
  /** Incarnation last recorded as unhealthy, until it is recorded as healthy again; null: none. */
  readonly unhealthy: { readonly incarnation: string; readonly cause: FailureCause } | null;
  /** End of the pause, until which healing only observes and records; null: not paused. */
  readonly pausedUntil: number | null;
  readonly external: ExternalFacts | null;
  /** Misconfigured checks since the last good one; null: none. */
  readonly misconfigured: MisconfiguredRow | null;
}

export function newAgentState(now: number): AgentState {
  return {
    phase: { kind: 'stopped', since: now, isProven: true },
    revision: 0,
    incident: null,
    lastRun: null,
    unanswered: null,
    startAskedAt: 0,
    stopAskedAt: 0,
    ghosts: [],
    failedRunId: null,
    previousCause: null,
    restarts: 0,
    onDemand: false,
    lastFailure: null,
    diagnosis: null,
    unhealthy: null,
    pausedUntil: null,
    external: null,
    misconfigured: null,
  };
}

export const NOT_CHECKED: CheckHistory = { kind: 'awaited', problem: null };

/** Returns an identifier of the incarnation. A `pm2 restart` keeps the run id, but not the pid. */
export function incarnationOf(run: Run): string {
  return `${run.runId}:${run.process.pid}`;
}

/** Returns the live run of a phase; null: none is known. */
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

/**
 * Returns the incarnation whose token is valid now; null: none. Until the launch is answered, its pid is unknown and
 * missing after the colon.
 */
export function currentIncarnation(phase: Phase): string | null {
  const run = runOf(phase);
  if (run !== null) return incarnationOf(run);
  const runId = currentRunId(phase);
  return runId === null ? null : `${runId}:`;
}

/** Returns when the process of a phase was verified; null: it is not. */
export function verifiedAt(phase: Phase | null): number | null {
  return phase?.kind === 'running' ? phase.since : null;
}

/**
 * Returns the run whose token is valid now. An unanswered launch counts too: its process may call before PM2 answers.
 */
export function currentRunId(phase: Phase): string | null {
  if (phase.kind === 'starting') return phase.launch.runId;
  if (phase.kind === 'stopping') return phase.runId;
  return runOf(phase)?.runId ?? null;
}
