import { diagnosisOf, type Diagnosis } from '../../src/kernel';
import type { LogMark } from '../../src/healing/diagnosis';
import type { ListedProcess, ProcessIdentity, UnlistedProcess } from '../../src/processes';
import {
  incarnationOf,
  NO_ACTIVITY,
  type HealingPolicy,
  type LaunchFacts,
  type MachineEvent,
  type Run,
} from '../../src/healing/machine';

export const START = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;

export const POLICY: HealingPolicy = {
  restart: 'always',
  verifyMs: 10_000,
  stableMs: 60_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 300_000,
  restartDelayMs: 0,
  killTimeoutMs: 10_000,
  graceMs: 30_000,
  isChecked: false,
  isExternal: false,
  isFleetIncident: false,
  idleStopMs: null,
  activity: NO_ACTIVITY,
  reminderMs: 4 * HOUR_MS,
  circuit: { failureThreshold: 5, failuresPerHour: 20, cooldownMs: 60_000 },
};

/** A policy whose circuit opens at the first failure. */
export const TRIPS_AT_ONCE = { circuit: { ...POLICY.circuit, failureThreshold: 1 } };

/** The first daemon, and the one that replaces it. */
export const DAEMON: ProcessIdentity = { pid: 50, startTime: 500 };
export const YOUNGER_DAEMON: ProcessIdentity = { pid: 60, startTime: 600 };

export const CRASH = { exitCode: 1, signal: null };
export const CLEAN_EXIT = { exitCode: 0, signal: null };
export const KILLED = { exitCode: 0, signal: 'SIGKILL' };

export const REFUSED = {
  kind: 'refused',
  refusal: 'entry-point-missing',
  evidence: 'There is no file agent.py.',
} as const;
export const NO_PID = { kind: 'failed', evidence: 'PM2 gave no pid.' } as const;
export const NO_MEMORY = { kind: 'resources', evidence: 'spawn ENOMEM' } as const;
export const PM2_AWAY = { kind: 'unavailable', evidence: 'PM2 does not answer.' } as const;

export const HUNG: Diagnosis = diagnosisOf('hung', 'no answer within 5 s, three times in a row');
export const OVER_BUDGET: Diagnosis = diagnosisOf('over-budget', '1,200 tokens of 1,000 used');
/** A likely cause that no restart can cure. */
export const LIKELY_KEY: Diagnosis = diagnosisOf('credentials', 'key refused', { certainty: 'likely', rule: 'a-rule' });
export const ANSWERED_500 = { cause: 'unhealthy-response', line: 'answered 500' } as const;

/** Builds a periodic check of a run; by default it is good. */
export function checkOf(run: Run, changes: Partial<CheckedEvent> = {}): CheckedEvent {
  const good = { problem: null, withinGrace: false, failing: null, mayAct: true };
  return { type: 'checked', incarnation: incarnationOf(run), ...good, ...changes };
}

export type CheckedEvent = Extract<MachineEvent, { type: 'checked' }>;

/** A position in the logs, and a later one. */
export const LOG: LogMark = { stdout: { inode: 7, size: 70 }, stderr: { inode: 8, size: 80 }, oomKills: 0 };
export const LOG_END: LogMark = { stdout: { inode: 7, size: 75 }, stderr: { inode: 8, size: 85 }, oomKills: 1 };

/** Facts of a launch in Python. */
export const LAUNCH: LaunchFacts = {
  log: LOG,
  program: { program: '/agents/.venv/bin/python', folder: '/agents' },
  fingerprint: 'planned',
};

export function makeRun(changes: Partial<Run> = {}): Run {
  return {
    runId: 'run',
    process: { pid: 1001, startTime: 1001 },
    entryId: 0,
    uniqueId: `unique-${changes.runId ?? 'run'}`,
    upSince: START,
    launchedAt: START,
    log: null,
    program: null,
    fingerprint: 'launched-with',
    daemon: DAEMON,
    ...changes,
  };
}

/** Builds the list entry of a run whose process is alive. */
export function online(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  const { runId, process, entryId, uniqueId, upSince } = run;
  return {
    ...{ agentId: 'agent', entryId, uniqueId, state: 'online', process, runId, upSince },
    ...{ wasEndOrdered: false, memoryBytes: null, cpuPercent: null },
    ...changes,
  };
}

/** Builds the list entry of a run whose process has exited. */
export function ended(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  return online(run, { state: 'stopped', process: null, ...changes });
}

/** Builds the list entry after a start or restart in the operator's shell: the run ID stays, the process is new. */
export function again(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  const pid = run.process.pid + 5_000;
  return online(run, { process: { pid, startTime: pid }, upSince: run.upSince + 1, ...changes });
}

/** Builds an orphan: a live run without an entry in the list. */
export function orphan(run: Run, changes: Partial<UnlistedProcess> = {}): UnlistedProcess {
  return { agentId: 'agent', runId: run.runId, process: run.process, leader: true, isNew: false, ...changes };
}
