import type { Turn } from './turn';
import type { Effect } from './effect';
import { NOT_CHECKED, type DownPhase, type Launch, type Run, type Sequel, type VerifyingPhase } from './state';

export type LaunchIntent = Omit<Launch, 'runId'>;

/** Pause before another try where nothing is wrong with the agent: PM2 away, or the machine short of something. */
export const WAITING_MS = 2_000;

/** A launch that healing makes by itself, to bring back what should run. */
export function healingLaunch(reason: string, pidBefore: number | null, attempt: number | null): LaunchIntent {
  const always = { by: 'healing', kind: 'restart', trial: false, mustBeListed: true } as const;
  return { ...always, reason, pidBefore, attempt, afterSweeps: false, fallback: null };
}

/** Begins a launch: from here on only its outcome, or a list, says whether there is a process. */
export function beginLaunch(turn: Turn, intent: LaunchIntent): void {
  const byHealing = intent.by === 'healing' || intent.by === 'autostart';
  if (byHealing && turn.isPaused) {
    // Due at once, that is: when the pause is over.
    turn.enter({ kind: 'down', since: turn.now, why: 'backing-off', until: turn.now, launch: intent });
    return;
  }
  const { state, trialBy } = turn.circuit;
  // A person's start takes a trial of healing's over: if it fails, the cool-down is not doubled.
  if (state === 'OPEN' || (state === 'HALF_OPEN' && trialBy === 'healing' && !byHealing))
    turn.moveCircuit({ type: 'trial', by: byHealing ? 'healing' : 'operator' });
  const launch: Launch = { ...intent, trial: turn.circuit.state === 'HALF_OPEN', runId: turn.context.newId() };
  if (launch.attempt !== null) turn.record('recovery.attempted', { attempt: launch.attempt, runId: launch.runId });
  turn.enter({
    kind: 'starting',
    since: turn.now,
    launch,
    outcome: 'pending',
    absences: 0,
    lookAt: null,
    listedUnder: null,
    exit: null,
  });
  turn.effect({ type: 'launch', launch, lastRun: turn.state.lastRun });
}

/** The attempt counts from when it was made, not from when it was planned. */
export function noteAttempt(turn: Turn, launch: Launch): void {
  const incident = turn.state.incident;
  if (launch.attempt === null || incident === null) return;
  turn.update({ incident: { ...incident, attempt: launch.attempt } });
}

/** A launch of ours has come true, by PM2's answer or, where that was lost, by a list. */
export function noteLaunched(turn: Turn, launch: Launch, pid: number): void {
  noteAttempt(turn, launch);
  if (launch.kind !== 'restart') return;
  const { reason, pidBefore } = launch;
  turn.update({ restarts: turn.state.restarts + 1 });
  turn.record('agent.restarted', { pidBefore, pidAfter: pid, reason });
  turn.recordRestart({ reason, pidBefore, pidAfter: pid, success: true });
}

/** A process is there; whether it is well is still to be seen. */
export function verifyingPhase(turn: Turn, run: Run, launch: Launch | null): VerifyingPhase {
  return { kind: 'verifying', since: turn.now, run, launch, checked: NOT_CHECKED };
}

/** Begins to end a run; only proof of its death ends this phase. */
export function beginStop(turn: Turn, run: Run, then: Sequel): void {
  turn.enter({
    kind: 'stopping',
    since: turn.now,
    runId: run.runId,
    run,
    awaited: null,
    absences: 0,
    then,
    againAt: null,
  });
  turn.effect(killOf(run, then));
}

/** What is started again must not be taken for what is ended: then only the run itself goes. */
export function killOf(
  { runId, process }: Pick<Run, 'runId'> & { process: Run['process'] | null },
  then: Sequel,
): Effect {
  return { type: 'kill', runId, process, scope: then.kind === 'start' ? 'run' : 'agent' };
}

/** A run is proven dead, or proven never to have been: what was to follow follows. */
export function continueAfterStop(turn: Turn, then: Sequel, pid: number | null): void {
  turn.answer('down', { kind: 'done' });
  switch (then.kind) {
    case 'stopped':
      turn.record('agent.terminated', { pid });
      turn.enter({ kind: 'stopped', since: turn.now });
      return;
    case 'halted':
      turn.enter({ kind: 'down', since: turn.now, why: 'halted', until: null, launch: null });
      return;
    case 'start':
      startAfter(turn, then.launch, then.delayMs, 'restart-delay');
      return;
  }
}

/** Nothing is wrong with it; it is tried again in a moment. */
export function waitingPhase(now: number): DownPhase {
  return { kind: 'down', since: now, why: 'waiting', until: now + WAITING_MS, launch: null };
}

/** Launches at once, or waits for so long first. */
export function startAfter(
  turn: Turn,
  launch: LaunchIntent,
  delayMs: number,
  why: 'backing-off' | 'restart-delay' | 'waiting',
): void {
  if (delayMs <= 0) beginLaunch(turn, launch);
  else turn.enter({ kind: 'down', since: turn.now, why, until: turn.now + delayMs, launch });
}
