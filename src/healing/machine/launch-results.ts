import type { Diagnosis, ProblemCode } from '../../kernel';
import { diagnoseLaunch } from './diagnose';
import type { Draft } from './draft';
import type { EventOf, LaunchFault, LaunchRefusal } from './event';
import { acceptExitOrder, onCrash, onUnansweredExit } from './exits';
import { fail } from './failures';
import { haltedPhase, noteAttempt, recordLaunched, verifyingPhase, WAITING_MS, waitingPhase } from './launch';
import {
  LOOK_AGAIN_MS,
  type DownPhase,
  type Fallback,
  type Launch,
  type Run,
  type StartingPhase,
  type StoppedPhase,
} from './phase';
import { reconcile } from './reconcile/reconcile';
import { currentRunId, runOf } from './state';
import { beginStop, continueWithoutRun } from './stop';

/** Delay before a blocked launch is retried. */
const BLOCKED_MS = 500;

export function onLaunchSucceeded(draft: Draft, { run }: EventOf<'launch-succeeded'>): void {
  const phase = draft.phase;
  if (phase.kind === 'starting' && phase.launch.runId === run.runId) {
    verifyLaunched(draft, phase, run);
    return;
  }
  if (phase.kind === 'stopping' && phase.run === null && phase.runId === run.runId) {
    draft.update({ lastRun: run });
    beginStop(draft, run, phase.then);
    return;
  }
  if (runOf(phase)?.runId === run.runId) return; // duplicate report
  // A launch that was given up succeeded late. Kill the process, never adopt it.
  draft.effect({ type: 'end-process', process: run.process, runId: run.runId, why: 'given-up' });
}

function verifyLaunched(draft: Draft, phase: StartingPhase, run: Run): void {
  const launch = phase.launch;
  draft.update({ lastRun: run, phase: verifyingPhase(draft, run, launch) });
  const pid = run.process.pid;
  draft.record('agent.spawned', { pid, runId: run.runId, by: launch.by, reason: launch.reason });
  recordLaunched(draft, launch, pid);
  draft.answer('up', { kind: 'done' });
  // One snapshot after each launch shows a duplicate, or a process whose exit event was lost.
  draft.effect({ type: 'observe', scan: false });
  if (phase.exit?.ordered === true) acceptExitOrder(draft, pid, run.runId);
  else if (phase.exit !== null) onCrash(draft, run, phase.exit);
}

export function onLaunchFailed(draft: Draft, { runId, fault }: EventOf<'launch-failed'>): void {
  const phase = draft.phase;
  if (phase.kind === 'stopping' && phase.run === null && phase.runId === runId) {
    continueWithoutRun(draft, phase.then);
    return;
  }
  if (phase.kind !== 'starting' || phase.launch.runId !== runId) return;
  const { launch } = phase;
  if (fault.kind === 'cancelled') return;
  draft.answer('up', { kind: 'refused', ...refusalOf(fault) });
  if (launch.fallback !== null) {
    fallBack(draft, launch.fallback);
    return;
  }
  if (fault.kind === 'resources' || fault.kind === 'unavailable') {
    const again = { ...launch, isRetry: true } as const;
    draft.enter({ kind: 'down', since: draft.now, why: 'waiting', until: draft.now + WAITING_MS, launch: again });
    return;
  }
  failLaunch(draft, launch, diagnoseLaunch(fault.kind === 'refused' ? fault.refusal : null, fault.evidence));
}

/** Counts a launch for which the agent is at fault. */
function failLaunch(draft: Draft, launch: Launch, diagnosis: Diagnosis): void {
  const { runId, reason, pidBefore } = launch;
  noteAttempt(draft, launch);
  if (launch.kind === 'restart') draft.recordRestart({ reason, pidBefore, pidAfter: null, success: false });
  fail(draft, diagnosis, { runId, pidBefore, alive: null, exit: null });
}

/** Restores the state before a command that failed. Its caller was already answered. */
function fallBack(draft: Draft, fallback: Fallback): void {
  if (draft.circuit.state === 'HALF_OPEN') draft.moveCircuit({ type: 'trial-ended', retry: 'cooldown' });
  draft.desire(fallback.desired);
  draft.enter(fallbackPhase(draft, fallback));
}

/**
 * Returns the phase to fall back to. The circuit may have been opened or reset since, so its present state decides
 * between halted and waiting.
 */
function fallbackPhase(draft: Draft, { desired, phase }: Fallback): StoppedPhase | DownPhase {
  const since = draft.now;
  // An agent that the operator stopped has no trial, whatever the circuit's state.
  if (phase.kind === 'stopped' || desired === 'stopped') return { ...phase, since };
  if (draft.circuit.state === 'OPEN') return haltedPhase(since);
  return phase.why === 'halted' ? waitingPhase(since) : { ...phase, since };
}

const REFUSAL_CODES: Readonly<Record<LaunchRefusal, ProblemCode>> = {
  'entry-point-missing': 'entry-point-not-found',
  'interpreter-missing': 'interpreter-not-found',
  configuration: 'invalid-request',
  'over-budget': 'operation-in-progress',
};

function refusalOf(fault: Exclude<LaunchFault, { kind: 'cancelled' }>): { code: ProblemCode; detail: string } {
  switch (fault.kind) {
    case 'refused':
      return { code: REFUSAL_CODES[fault.refusal], detail: detailOfRefusal(fault) };
    case 'unavailable':
      return { code: 'process-manager-unavailable', detail: fault.evidence };
    case 'failed':
      return {
        code: 'launch-failed',
        detail: `The launch created no process (${fault.evidence}). Run the entry point in a shell to find the cause, then spawn the agent again.`,
      };
    case 'resources':
      return {
        code: 'launch-failed',
        detail: `The machine lacks a resource (${fault.evidence}); the agent is not at fault. Free memory, processes or file descriptors, then spawn the agent again.`,
      };
  }
}

function detailOfRefusal({ refusal, evidence }: Extract<LaunchFault, { kind: 'refused' }>): string {
  if (refusal !== 'over-budget') return evidence;
  return `The agent is over its token budget (it ${evidence}). Reset its circuit, which grants a new budget.`;
}

/**
 * Handles a launch that was not answered in time. The process may exist or appear later, so snapshots decide from here
 * on.
 */
export function onLaunchUnknown(draft: Draft, { runId, listedUnder, facts }: EventOf<'launch-unknown'>): void {
  const phase = draft.phase;
  const since = draft.now;
  if (currentRunId(phase) !== runId || runOf(phase) !== null) return;
  if (facts !== null) draft.update({ unanswered: { runId, ...facts } });
  if (phase.kind === 'starting') {
    if (phase.exit !== null) return onUnansweredExit(draft, phase, phase.exit);
    const lookAt = since + LOOK_AGAIN_MS;
    draft.enter({ ...phase, since, outcome: 'unknown', absences: 0, listedUnder, lookAt });
  } else if (phase.kind === 'stopping') {
    draft.enter({ ...phase, since, awaited: 'unknown', absences: 0, againAt: since + LOOK_AGAIN_MS });
  }
  draft.effect({ type: 'observe', scan: true });
}

/**
 * Postpones a launch that the launch guard refused: a process of the agent lives, or the operator deleted its entry.
 * The guard's snapshot is then handled like any other: it adopts or kills the process, or keeps the stop.
 */
export function onLaunchBlocked(draft: Draft, { runId, observation }: EventOf<'launch-blocked'>): void {
  const phase = draft.phase;
  if (phase.kind !== 'starting' || phase.launch.runId !== runId) {
    if (phase.kind === 'stopping' && phase.run === null && phase.runId === runId) {
      draft.enter({ ...phase, awaited: 'unknown', absences: 0, againAt: draft.now });
    }
    return;
  }
  const until = draft.now + BLOCKED_MS;
  const since = observation.beganAt - 1;
  draft.enter({ kind: 'down', since, why: 'waiting', until, launch: { ...phase.launch, isRetry: true } });
  reconcile(draft, observation);
}
