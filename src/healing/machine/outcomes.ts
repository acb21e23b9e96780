import type { ProblemCode } from '../../kernel';
import { diagnoseLaunch } from './diagnose';
import type { LaunchFault, LaunchRefusal, MachineEvent } from './event';
import { crashed, ended, fail } from './failing';
import {
  beginStop,
  continueAfterStop,
  noteAttempt,
  noteLaunched,
  verifyingPhase,
  WAITING_MS,
  waitingPhase,
} from './launching';
import {
  runOf,
  type DownPhase,
  type EarlyExit,
  type Fallback,
  type Launch,
  type Run,
  type StartingPhase,
  type StoppingPhase,
  type StoppedPhase,
} from './state';
import type { Turn } from './turn';

type Outcome<T extends MachineEvent['type']> = Extract<MachineEvent, { type: T }>;

/** Between two looks at a launch or a death that is not proven yet. */
export const LOOK_AGAIN_MS = 1_000;
const KILL_AGAIN_MS = 5_000;
/** Time for the operator's shell to finish what it began with an ordered exit. */
export const OPERATOR_ACTING_MS = 2_000;

export function launchSucceeded(turn: Turn, run: Run): void {
  const phase = turn.phase;
  if (phase.kind === 'starting' && phase.launch.runId === run.runId) {
    launched(turn, phase, run);
    return;
  }
  if (phase.kind === 'stopping' && phase.run === null && phase.runId === run.runId) {
    turn.update({ lastRun: run });
    beginStop(turn, run, phase.then);
    return;
  }
  if (runOf(phase)?.runId === run.runId) return; // told twice
  // A launch that was given up has come true: it is ended, never adopted.
  turn.effect({ type: 'end-process', process: run.process, runId: run.runId, why: 'given-up' });
}

function launched(turn: Turn, phase: StartingPhase, run: Run): void {
  const launch = phase.launch;
  turn.update({ lastRun: run, phase: verifyingPhase(turn, run, launch) });
  const pid = run.process.pid;
  turn.record('agent.spawned', { pid, runId: run.runId, by: launch.by, reason: launch.reason });
  noteLaunched(turn, launch, pid);
  turn.answer('up', { kind: 'done' });
  // One list after the launch: it shows a second holder, or a process that ended without a word.
  turn.effect({ type: 'observe', scan: false });
  if (phase.exit?.ordered === true) ordered(turn, run);
  else if (phase.exit !== null) crashed(turn, run, phase.exit);
}

export function launchFailed(turn: Turn, event: Outcome<'launch-failed'>): void {
  const phase = turn.phase;
  if (phase.kind === 'stopping' && phase.run === null && phase.runId === event.runId) {
    continueAfterStop(turn, phase.then, null);
    return;
  }
  if (phase.kind !== 'starting' || phase.launch.runId !== event.runId) return;
  const { launch } = phase;
  const fault = event.fault;
  if (fault.kind === 'cancelled') return;
  turn.answer('up', { kind: 'refused', ...refusal(fault) });
  if (launch.fallback !== null) {
    fallBack(turn, launch);
    return;
  }
  if (fault.kind === 'resources' || fault.kind === 'unavailable') {
    turn.enter({ kind: 'down', since: turn.now, why: 'waiting', until: turn.now + WAITING_MS, launch });
    return;
  }
  noteAttempt(turn, launch);
  if (launch.kind === 'restart') {
    turn.recordRestart({ reason: launch.reason, pidBefore: launch.pidBefore, pidAfter: null, success: false });
  }
  const failure = diagnoseLaunch(fault.kind === 'refused' ? fault.refusal : null, fault.evidence);
  fail(turn, launch.runId, failure, { pidBefore: launch.pidBefore, alive: null });
}

/** A person's command that led to nothing leaves things as they were; the person has the answer. */
function fallBack(turn: Turn, launch: Launch): void {
  if (launch.fallback === null) return;
  if (turn.circuit.state === 'HALF_OPEN') turn.moveCircuit({ type: 'trial-ended', retry: 'cooldown' });
  turn.desire(launch.fallback.desired);
  turn.enter(fallbackPhase(turn, launch.fallback));
}

/** What the circuit says by now decides between halted and waiting: it may have been opened or reset meanwhile. */
function fallbackPhase(turn: Turn, { desired, phase }: Fallback): StoppedPhase | DownPhase {
  const since = turn.now;
  // What a person had stopped has no trial due, whatever the circuit says.
  if (phase.kind === 'stopped' || desired === 'stopped') return { ...phase, since };
  if (turn.circuit.state === 'OPEN') return { kind: 'down', since, why: 'halted', until: null, launch: null };
  return phase.why === 'halted' ? waitingPhase(since) : { ...phase, since };
}

const REFUSAL_CODES: Readonly<Record<LaunchRefusal, ProblemCode>> = {
  'entry-point-missing': 'entry-point-not-found',
  'interpreter-missing': 'interpreter-not-found',
  configuration: 'invalid-request',
};

function refusal(fault: Exclude<LaunchFault, { kind: 'cancelled' }>): { code: ProblemCode; detail: string } {
  switch (fault.kind) {
    case 'refused':
      return {
        code: REFUSAL_CODES[fault.refusal],
        detail: fault.evidence,
      };
    case 'unavailable':
      return { code: 'process-manager-unavailable', detail: fault.evidence };
    case 'failed':
      return {
        code: 'launch-failed',
        detail: `It came to no process (${fault.evidence}). Run its entry point by hand to see why, then spawn it again.`,
      };
    case 'resources':
      return {
        code: 'launch-failed',
        detail: `The machine is short of something (${fault.evidence}). Nothing is wrong with the agent: free memory, processes or descriptors, then spawn it again.`,
      };
  }
}

/** No answer in time: it may exist, or appear later. From here on lists decide. */
export function launchUnknown(turn: Turn, event: Outcome<'launch-unknown'>): void {
  const phase = turn.phase;
  if (phase.kind === 'starting' && phase.launch.runId === event.runId) {
    if (phase.exit !== null) return exitedUnanswered(turn, phase, phase.exit);
    const lookAt = turn.now + LOOK_AGAIN_MS;
    const { listedUnder } = event;
    turn.enter({ ...phase, since: turn.now, outcome: 'unknown', absences: 0, listedUnder, lookAt });
  } else if (phase.kind === 'stopping' && phase.run === null && phase.runId === event.runId) {
    turn.enter({ ...phase, since: turn.now, awaited: 'unknown', absences: 0, againAt: turn.now + LOOK_AGAIN_MS });
  } else return;
  turn.effect({ type: 'observe', scan: true });
}

export function killEnded(turn: Turn, event: Outcome<'kill-ended'>): void {
  const phase = turn.phase;
  if (phase.kind !== 'stopping' || phase.runId !== event.runId || (phase.run === null && phase.awaited !== null))
    return;
  // A stop overtook a restart: what is to end besides the run itself is still being ended.
  if (phase.then.kind !== 'start' && event.scope === 'run') return;
  if (event.gone) {
    if (phase.run !== null) recordExpectedExit(turn, phase);
    continueAfterStop(turn, phase.then, phase.run?.process.pid ?? null);
    return;
  }
  turn.enter({ ...phase, againAt: turn.now + KILL_AGAIN_MS });
  turn.answer('down', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `Process ${event.pids.join(', ')} does not end even by SIGKILL; it is tried again, and nothing is started meanwhile.`,
  });
}

export function exited(turn: Turn, event: Outcome<'exited'>): void {
  const phase = turn.phase;
  switch (phase.kind) {
    case 'starting':
      if (event.runId === phase.launch.runId)
        exitedWhileStarting(turn, phase, { ...event.exit, ordered: event.ordered });
      return;
    case 'stopping':
      if (event.runId !== phase.runId) return;
      recordExpectedExit(turn, phase);
      if (phase.run === null) continueAfterStop(turn, phase.then, null);
      else turn.enter({ ...phase, hasExited: true });
      return;
    case 'verifying':
    case 'running':
      if (event.runId !== phase.run.runId || event.upSince < phase.run.upSince) return;
      // A newer incarnation than the one we know came and went: a list tells what there is now.
      if (event.upSince > phase.run.upSince) turn.effect({ type: 'observe', scan: false });
      else if (event.ordered) ordered(turn, phase.run);
      else crashed(turn, phase.run, event.exit);
      return;
    case 'stopped':
    case 'down':
      return;
  }
}

function recordExpectedExit(turn: Turn, { run, runId, hasExited }: StoppingPhase): void {
  if (hasExited !== true) turn.record('agent.exited', { pid: run?.process.pid ?? null, runId, expected: true });
}

function exitedWhileStarting(turn: Turn, phase: StartingPhase, exit: EarlyExit): void {
  if (phase.outcome === 'pending') turn.enter({ ...phase, exit });
  else exitedUnanswered(turn, phase, exit);
}

/** The answer never came, but it did run, and has ended. */
export function exitedUnanswered(turn: Turn, phase: StartingPhase, exit: EarlyExit): void {
  turn.answer('up', { kind: 'done' });
  noteAttempt(turn, phase.launch);
  const { runId, pidBefore } = phase.launch;
  if (exit.ordered) awaitOperator(turn, null, runId);
  else ended(turn, { runId, pid: null, pidBefore }, exit);
}

function ordered(turn: Turn, run: Run): void {
  awaitOperator(turn, run.process.pid, run.runId);
}

/** Its end was ordered through PM2, and not by us: wait and see what the operator is doing. */
export function awaitOperator(turn: Turn, pid: number | null, runId: string): void {
  turn.record('agent.exited', { pid, runId, ordered: true });
  const until = turn.now + OPERATOR_ACTING_MS;
  turn.enter({ kind: 'down', since: turn.now, why: 'operator-acting', until, launch: null });
  turn.effect({ type: 'observe', scan: false });
}
