import type { DesiredState } from '../../kernel';
import type { LaunchedBy } from './state';
import type { MachineEvent } from './event';
import { beginLaunch, beginStop, killOf, waitingPhase, type LaunchIntent } from './launching';
import { runOf, type DownPhase, type Fallback, type StoppedPhase } from './state';
import type { Turn } from './turn';

type Asked<T extends MachineEvent['type']> = Extract<MachineEvent, { type: T }>;

export function startAsked(turn: Turn, event: Asked<'start-asked'>): void {
  const phase = turn.phase;
  if (event.by === 'operator') turn.update({ startAskedAt: turn.now });
  const desiredBefore = turn.desired;
  switch (phase.kind) {
    case 'verifying':
    case 'running':
      turn.answer('up', { kind: 'done' });
      return;
    case 'starting':
      return; // joins it, and gets its answer
    case 'stopped':
      turn.desire('running');
      beginLaunch(turn, askedLaunch(event.by, reasonOf(event.by), { desired: desiredBefore, phase }));
      return;
    case 'down':
      if (phase.why === 'halted' && !event.mayTrial) return refuseHalted(turn);
      turn.desire('running');
      beginLaunch(turn, {
        ...askedLaunch(event.by, reasonOf(event.by), fallbackTo(desiredBefore, phase)),
        ...replacing(turn),
      });
      return;
    case 'stopping': {
      if (phase.then.kind === 'halted' && !event.mayTrial) return refuseHalted(turn);
      turn.desire('running');
      const launch =
        phase.then.kind === 'start'
          ? joined(turn, phase.then.launch, event.by)
          : askedLaunch(event.by, reasonOf(event.by), fallbackAfterStop(turn, phase.then.kind));
      turn.enter({ ...phase, then: { kind: 'start', launch, delayMs: 0 } });
      return;
    }
  }
}

/** A start that meets a restart which waits for an end: it is that start from now on, and fails as its caller's would. */
function joined(turn: Turn, launch: LaunchIntent, by: LaunchedBy): LaunchIntent {
  return { ...launch, by, attempt: null, fallback: launch.fallback ?? fallbackAfterStop(turn, 'start') };
}

export function stopAsked(turn: Turn, event: Asked<'stop-asked'>): void {
  stop(turn, event.by, event.looked, turn.now);
}

/** A stop in the operator's shell is a stop like any other, told apart in the history only. */
export function operatorStopped(turn: Turn, { upSince, at }: Asked<'operator-stopped'>): void {
  if (turn.desired === 'stopped') return;
  const { phase, state } = turn;
  // The word of a stop from before a person's latest start, late.
  if (at < state.startAskedAt && upSince !== runOf(phase)?.upSince) return;
  turn.record('operator.stopped', { how: 'pm2 stop' });
  // Its end is told already: what appears from here on was started after it, and is no part of the stop.
  if (phase.kind === 'down' && phase.why === 'operator-acting') turn.enter({ ...phase, why: 'waiting' });
  stop(turn, 'the operator, by pm2', true, at);
}

/** A stop wins at any moment: whatever was under way ends in `stopped`, and stays there until a person starts it. */
function stop(turn: Turn, by: string, looked: boolean, at: number): void {
  const phase = turn.phase;
  turn.desire('stopped');
  turn.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `A stop by ${by} overtook it. Start it again if it should run.`,
  });
  turn.breakOffTrial();
  turn.endIncident('closed');
  turn.update({ stopAskedAt: at });
  switch (phase.kind) {
    case 'stopped':
      if (looked) turn.answer('down', { kind: 'done' });
      else sweepThenStop(turn);
      return;
    case 'verifying':
    case 'running':
      beginStop(turn, phase.run, { kind: 'stopped' });
      return;
    case 'stopping':
      turn.enter({ ...phase, then: { kind: 'stopped' } });
      // For a restart only the run itself was being ended.
      if (phase.then.kind === 'start' && phase.run !== null) turn.effect(killOf(phase.run, { kind: 'stopped' }));
      return;
    case 'starting':
      awaitThenStop(turn, phase.launch.runId, phase.outcome);
      return;
    case 'down': {
      const last = turn.state.lastRun;
      // Somebody is acting on it in a shell: a process of it may appear any moment, so lists must prove that none does.
      if (phase.why === 'operator-acting' && last !== null) return awaitThenStop(turn, last.runId, 'unknown');
      if (!looked && phase.why !== 'daemon-ended') return sweepThenStop(turn);
      if (!looked) turn.effect(killOf({ runId: last?.runId ?? '', process: null }, { kind: 'stopped' }));
      turn.record('agent.terminated', { pid: null });
      // `pm2 update` may bring it back once more: the phase goes on until that is over, and ends what appears.
      if (phase.why !== 'daemon-ended') turn.enter({ kind: 'stopped', since: turn.now });
      turn.answer('down', { kind: 'done' });
      return;
    }
  }
}

/** PM2 does not say what lives: whatever carries our mark of this agent is ended. */
function sweepThenStop(turn: Turn): void {
  const runId = turn.state.lastRun?.runId ?? '';
  const then = { kind: 'stopped' } as const;
  turn.enter({ kind: 'stopping', since: turn.now, runId, run: null, awaited: null, absences: 0, then, againAt: null });
  turn.effect(killOf({ runId, process: null }, then));
}

function awaitThenStop(turn: Turn, runId: string, awaited: 'pending' | 'unknown'): void {
  turn.enter({
    kind: 'stopping',
    since: turn.now,
    runId,
    run: null,
    awaited,
    absences: 0,
    then: { kind: 'stopped' },
    againAt: awaited === 'unknown' ? turn.now : null,
  });
  if (awaited === 'unknown') turn.effect({ type: 'observe', scan: true });
}

export function restartAsked(turn: Turn, event: Asked<'restart-asked'>): void {
  const phase = turn.phase;
  const desiredBefore = turn.desired;
  turn.update({ startAskedAt: turn.now });
  if (phase.kind === 'starting') return; // what comes up is newer than the question: joins it
  turn.desire('running');
  const reason = event.reason;
  switch (phase.kind) {
    case 'verifying':
    case 'running': {
      turn.breakOffTrial();
      const launch: LaunchIntent = {
        ...askedLaunch('operator', reason, { desired: 'running', phase: waitingPhase(turn.now) }),
        kind: 'restart',
        mustBeListed: true,
        pidBefore: phase.run.process.pid,
      };
      beginStop(turn, phase.run, { kind: 'start', launch, delayMs: event.delayMs });
      return;
    }
    case 'stopping': {
      const launch: LaunchIntent = {
        ...askedLaunch('operator', reason, fallbackAfterStop(turn, phase.then.kind)),
        kind: 'restart',
        pidBefore: phase.run?.process.pid ?? null,
      };
      turn.enter({ ...phase, then: { kind: 'start', launch, delayMs: event.delayMs } });
      return;
    }
    case 'stopped':
      launchOrWait(turn, askedLaunch('operator', reason, { desired: desiredBefore, phase }), event.delayMs);
      return;
    case 'down':
      launchOrWait(
        turn,
        { ...askedLaunch('operator', reason, fallbackTo(desiredBefore, phase)), ...replacing(turn) },
        event.delayMs,
      );
      return;
  }
}

function launchOrWait(turn: Turn, launch: LaunchIntent, delayMs: number): void {
  if (delayMs === 0) beginLaunch(turn, launch);
  else turn.enter({ kind: 'down', since: turn.now, why: 'restart-delay', until: turn.now + delayMs, launch });
}

/** Circuit CLOSED and count 0, at once; what should run and does not is started. */
export function resetAsked(turn: Turn): void {
  const phase = turn.phase;
  turn.moveCircuit({ type: 'reset' });
  turn.endIncident('closed');
  const launch = (): LaunchIntent => {
    const overtaken = phase.kind === 'down' ? phase.launch?.fallback : null;
    const fallback = overtaken ?? { desired: 'running', phase: waitingPhase(turn.now) };
    // A reset is no start: what a person has deleted stays away.
    return { ...askedLaunch('operator', 'circuit reset', fallback), ...replacing(turn), mustBeListed: true };
  };
  // While somebody is ending it in a shell, what is desired is not known: a reset is no start.
  const isBeingEnded = phase.kind === 'down' && (phase.why === 'operator-acting' || phase.why === 'daemon-ended');
  if (turn.desired === 'running' && phase.kind === 'down' && !isBeingEnded) beginLaunch(turn, launch());
  else if (phase.kind === 'stopping' && phase.then.kind === 'halted') {
    turn.enter({ ...phase, then: { kind: 'start', launch: launch(), delayMs: 0 } });
  } else if (phase.kind !== 'starting' && !(phase.kind === 'stopping' && phase.then.kind === 'start')) {
    turn.answer('up', { kind: 'done' });
  }
}

function refuseHalted(turn: Turn): void {
  turn.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'It is halted: its circuit is open. Start it by itself, or reset its circuit.',
  });
}

function reasonOf(by: LaunchedBy): string {
  return by === 'autostart' ? 'autostart' : by === 'routing' ? 'a task needs it' : 'asked';
}

function askedLaunch(by: LaunchedBy, reason: string, fallback: Fallback | null): LaunchIntent {
  // A failed autostart is a failure like any other: healing takes over, so there is nothing to fall back to.
  const keepsFallback = by === 'operator' || by === 'routing';
  return {
    by,
    reason,
    kind: 'spawn',
    pidBefore: null,
    attempt: null,
    trial: false,
    // A person who asks for a start wants it whatever became of the old entry.
    mustBeListed: false,
    afterSweeps: false,
    fallback: keepsFallback ? fallback : null,
  };
}

/** A start of something that is down takes the place of its last process. */
function replacing(turn: Turn): Pick<LaunchIntent, 'kind' | 'pidBefore'> {
  const last = turn.state.lastRun;
  return last === null ? { kind: 'spawn', pidBefore: null } : { kind: 'restart', pidBefore: last.process.pid };
}

/** A command that is still waiting to be carried out fails with the one that overtakes it. */
function fallbackTo(desired: DesiredState, phase: DownPhase): Fallback {
  return phase.launch?.fallback ?? { desired, phase };
}

function fallbackAfterStop(turn: Turn, then: 'stopped' | 'halted' | 'start'): Fallback {
  const stopped: StoppedPhase = { kind: 'stopped', since: turn.now };
  if (then === 'stopped') return { desired: 'stopped', phase: stopped };
  if (then === 'start') return { desired: 'running', phase: waitingPhase(turn.now) };
  return { desired: 'running', phase: { kind: 'down', since: turn.now, why: 'halted', until: null, launch: null } };
}
