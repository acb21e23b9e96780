import type { Diagnosis } from '../../kernel';
import type { ProcessIdentity } from '../../processes';
import { diagnoseExitFacts } from './diagnose';
import type { Draft } from './draft';
import type { Answer } from './effect';
import type { EventOf } from './event';
import { isFinished } from './failure-policy';
import { fail, noteDiagnosis, noteFailure, openIncident } from './failures';
import { noteAttempt } from './launch';
import {
  KILL_AGAIN_MS,
  OPERATOR_ACTING_MS,
  type AfterStop,
  type EarlyExit,
  type ExitFacts,
  type Run,
  type StartingPhase,
  type StoppingPhase,
} from './phase';
import { runOf } from './state';
import { continueAfterStop, continueWithoutRun, DAEMON_UPDATE_MS } from './stop';

/** Handles PM2's report of an exit. */
export function onExited(draft: Draft, { runId, upSince, exit, ordered }: EventOf<'exited'>): void {
  const phase = draft.phase;
  switch (phase.kind) {
    case 'starting':
      if (runId === phase.launch.runId) onEarlyExit(draft, phase, { ...exit, ordered });
      return;
    case 'stopping':
      if (runId !== phase.runId) return;
      recordExpectedExit(draft, phase);
      if (phase.run === null) continueWithoutRun(draft, phase.then);
      else draft.enter({ ...phase, hasExited: true });
      return;
    case 'verifying':
    case 'running':
      if (runId !== phase.run.runId || upSince < phase.run.upSince) return;
      // An incarnation newer than the known one exited. A snapshot shows what lives.
      if (upSince > phase.run.upSince) draft.effect({ type: 'observe', scan: false });
      else if (ordered) acceptExitOrder(draft, phase.run.process.pid, runId);
      else onCrash(draft, phase.run, exit);
      return;
    case 'stopped':
    case 'down':
      return;
  }
}

function onEarlyExit(draft: Draft, phase: StartingPhase, exit: EarlyExit): void {
  if (phase.outcome === 'pending') draft.enter({ ...phase, exit });
  else onUnansweredExit(draft, phase, exit);
}

/** Handles the exit of a run whose launch was never answered. */
export function onUnansweredExit(draft: Draft, phase: StartingPhase, exit: EarlyExit): void {
  draft.answer('up', { kind: 'done' });
  noteAttempt(draft, phase.launch);
  const { runId, pidBefore } = phase.launch;
  if (exit.ordered) acceptExitOrder(draft, null, runId);
  else onUnorderedExit(draft, { runId, pid: null, pidBefore }, exit);
}

/**
 * Accepts an exit that the operator ordered through PM2, and waits. Snapshots show whether it is a stop, a restart or a
 * deletion.
 */
export function acceptExitOrder(draft: Draft, pid: number | null, runId: string): void {
  draft.record('agent.exited', { pid, runId, ordered: true });
  const until = draft.now + OPERATOR_ACTING_MS;
  draft.enter({ kind: 'down', since: draft.now, why: 'operator-acting', until, launch: null });
  draft.effect({ type: 'observe', scan: false });
}

/** Handles an exit that was not ordered through PM2, such as a crash or a signal from outside. */
export function onCrash(draft: Draft, run: Run, exit: ExitFacts): void {
  const { pid } = run.process;
  onUnorderedExit(draft, { runId: run.runId, pid, pidBefore: pid }, exit);
}

/** Facts about an exited run. */
interface ExitedRun {
  readonly runId: string;
  /** null: PM2 never answered its launch. */
  readonly pid: number | null;
  readonly pidBefore: number | null;
}

function onUnorderedExit(draft: Draft, { runId, pid, pidBefore }: ExitedRun, exit: ExitFacts): void {
  const diagnosis = draft.context.diagnosis ?? diagnoseExitFacts(exit);
  // If PM2 did not report the signal, the log may name it.
  const signal = exit.signal ?? diagnosis.signal;
  draft.record('agent.exited', { pid, runId, exitCode: signal === null ? exit.exitCode : null, signal });
  // Descendants may outlive a crashed leader. They carry its run id; the next run has another.
  draft.effect({ type: 'sweep', runId });
  if (isFinished(diagnosis, draft.policy)) finish(draft, diagnosis);
  else fail(draft, diagnosis, { runId, pidBefore, alive: null, exit });
}

/** Stops the agent after a clean exit that the policy does not restart. The circuit does not count it. */
function finish(draft: Draft, exit: Diagnosis): void {
  // It logged an error before it exited with 0. Keep the diagnosis for the operator.
  if (exit.evidence.some(({ source }) => source === 'stderr' || source === 'stdout')) {
    openIncident(draft);
    noteFailure(draft, exit, 'stop');
    noteDiagnosis(draft, exit);
  }
  draft.breakOffTrial();
  draft.desire('stopped');
  draft.record('agent.terminated', { pid: null, finished: true });
  draft.endIncident('closed');
  draft.enter({ kind: 'stopped', since: draft.now });
}

/** Handles the outcome of a kill: the proof of death, or the pids that live. */
export function onKillEnded(draft: Draft, event: EventOf<'kill-ended'>): void {
  const phase = draft.phase;
  if (phase.kind !== 'stopping' || phase.runId !== event.runId || (phase.run === null && phase.awaited !== null))
    return;
  // This is the kill of a restart that a stop superseded. The stop's kill of the whole agent is still in progress.
  if (phase.then.kind !== 'start' && event.scope === 'run') return;
  if (event.gone) {
    if (phase.run !== null) recordExpectedExit(draft, phase);
    continueAfterStop(draft, phase.then, phase.run?.process.pid ?? null);
    return;
  }
  // A refused unregistration keeps the agent registered. The command was saved as a stop, so the agent stays stopped.
  const then: AfterStop = phase.then.kind === 'unregistered' ? { kind: 'stopped' } : phase.then;
  draft.enter({ ...phase, then, againAt: draft.now + KILL_AGAIN_MS });
  draft.answer('down', refuseWhileAlive(event.pids));
}

function refuseWhileAlive(pids: readonly number[]): Answer {
  const detail =
    pids.length === 0
      ? 'Failed to kill the agent, and its live processes are unknown; see the log. The supervisor retries the kill and starts nothing meanwhile.'
      : `SIGKILL did not end these processes: ${pids.join(', ')}. The supervisor retries the kill and starts nothing meanwhile.`;
  return { kind: 'refused', code: 'operation-in-progress', detail };
}

function recordExpectedExit(draft: Draft, { run, runId, hasExited }: StoppingPhase): void {
  if (hasExited !== true) draft.record('agent.exited', { pid: run?.process.pid ?? null, runId, expected: true });
}

export function onReaped(draft: Draft, { pid, runId, why }: EventOf<'reaped'>): void {
  if (why !== 'descendant') draft.record('agent.orphan-reaped', { pid, runId, why });
}

/** Handles a daemon killed on purpose: its agents stay down, unless a new daemon brings them back in time. */
export function onDaemonEnding(draft: Draft, { daemon }: EventOf<'daemon-ending'>): void {
  if (!diesWith(draft, daemon)) return;
  const until = draft.now + DAEMON_UPDATE_MS;
  draft.enter({ kind: 'down', since: draft.now, why: 'daemon-ended', until, launch: null });
}

function diesWith(draft: Draft, daemon: ProcessIdentity): boolean {
  const phase = draft.phase;
  // A launch by healing is dropped with its daemon. A requested launch is still wanted.
  if (phase.kind === 'starting') return phase.launch.by === 'healing' || phase.launch.by === 'recovery';
  const isOperatorActing = phase.kind === 'down' && phase.why === 'operator-acting';
  if (phase.kind !== 'verifying' && phase.kind !== 'running' && !isOperatorActing) return false;
  // A process of an earlier daemon survives this one.
  const run = runOf(phase) ?? draft.state.lastRun;
  return run?.daemon.pid === daemon.pid && run.daemon.startTime === daemon.startTime;
}
