import type { DesiredState } from '../../../kernel';
import type { Draft } from '../draft';
import type { EventOf } from '../event';
import { beginLaunch, haltedPhase, launchAfter, planRequestedLaunch, waitingPhase, type LaunchIntent } from '../launch';
import {
  isOfHealing,
  type AfterStop,
  type DownPhase,
  type Fallback,
  type LaunchedBy,
  type StartingPhase,
  type StoppedPhase,
} from '../phase';
import { beginStop, stopAfterLaunch } from '../stop';

/** Starts the agent in any phase. A running agent stays up, and a launch in progress answers this caller too. */
export function onStartAsked(draft: Draft, event: EventOf<'start-asked'>): void {
  if (event.by === 'operator') draft.update({ startAskedAt: draft.now, onDemand: false });
  if (event.by === 'routing' && isRefusedToRouting(draft)) return;
  start(draft, event);
}

function start(draft: Draft, event: EventOf<'start-asked'>): void {
  const phase = draft.phase;
  const desiredBefore = draft.desired;
  switch (phase.kind) {
    case 'verifying':
    case 'running':
      draft.answer('up', { kind: 'done' });
      return;
    case 'starting':
      return; // joins the launch in progress and gets its answer
    case 'stopped':
      desireRunning(draft, event.by);
      beginLaunch(draft, planRequestedLaunch(event.by, reasonOf(event.by), { desired: desiredBefore, phase }));
      return;
    case 'down':
      if (phase.why === 'halted' && !event.mayTrial) return refuseHalted(draft);
      desireRunning(draft, event.by);
      beginLaunch(draft, {
        ...planRequestedLaunch(event.by, reasonOf(event.by), fallbackTo(desiredBefore, phase)),
        ...replacementOf(draft),
      });
      return;
    case 'stopping': {
      if (phase.then.kind === 'halted' && !event.mayTrial) return refuseHalted(draft);
      desireRunning(draft, event.by);
      const launch =
        phase.then.kind === 'start'
          ? takeOver(draft, phase.then.launch, event.by)
          : planRequestedLaunch(event.by, reasonOf(event.by), fallbackAfterStop(draft, phase.then.kind));
      draft.enter({ ...phase, then: { kind: 'start', launch, delayMs: 0 } });
      return;
    }
  }
}

/** Desires running. What routing starts from stopped runs on demand. */
function desireRunning(draft: Draft, by: LaunchedBy): void {
  if (by === 'routing' && draft.desired === 'stopped') draft.update({ onDemand: true });
  draft.desire('running');
}

/**
 * Refuses a start by routing that an operator alone may request: of a paused agent, and of a stopped one whose circuit
 * is not CLOSED, because that start would be its trial.
 */
function isRefusedToRouting(draft: Draft): boolean {
  if (draft.desired === 'running') return false;
  if (draft.circuit.state !== 'CLOSED') refuseHalted(draft);
  else if (draft.isPaused) refusePaused(draft);
  else return false;
  return true;
}

function refusePaused(draft: Draft): void {
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'The agent is paused, so a task does not start it. Resume it, or spawn it by its own id.',
  });
}

function reasonOf(by: LaunchedBy): string {
  return by === 'autostart' ? 'autostart' : by === 'routing' ? 'a task needs it' : 'asked';
}

function refuseHalted(draft: Draft): void {
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'The agent is halted because its circuit is open. Spawn this agent by its own id, or reset its circuit.',
  });
}

/**
 * Hands the pending launch over to the caller: it gets the caller's origin and a fallback, and is no longer an attempt
 * of healing.
 */
function takeOver(draft: Draft, launch: LaunchIntent, by: LaunchedBy): LaunchIntent {
  return { ...launch, by, attempt: null, fallback: launch.fallback ?? fallbackAfterStop(draft, 'start') };
}

/** Replaces the agent's process, or starts it if it has none. */
export function onRestartAsked(draft: Draft, event: EventOf<'restart-asked'>): void {
  const phase = draft.phase;
  const desiredBefore = draft.desired;
  draft.update({ startAskedAt: draft.now, onDemand: false });
  // A launch in progress satisfies the restart, unless the definition changed after it was decided.
  if (phase.kind === 'starting' && phase.revision === draft.state.revision) return;
  // The agent may be halted because it is over budget. A restart grants it a new token budget.
  if (draft.circuit.state === 'OPEN') draft.effect({ type: 'reset-tokens' });
  draft.desire('running');
  const { reason, delayMs } = event;
  switch (phase.kind) {
    case 'starting':
      return replaceAfterLaunch(draft, phase, event);
    case 'verifying':
    case 'running': {
      draft.breakOffTrial();
      const launch: LaunchIntent = {
        ...planRequestedLaunch('operator', reason, { desired: 'running', phase: waitingPhase(draft.now) }),
        kind: 'restart',
        mustBeListed: true,
        pidBefore: phase.run.process.pid,
      };
      beginStop(draft, phase.run, { kind: 'start', launch, delayMs });
      return;
    }
    case 'stopping': {
      const launch: LaunchIntent = {
        ...planRequestedLaunch('operator', reason, fallbackAfterStop(draft, phase.then.kind)),
        kind: 'restart',
        pidBefore: phase.run?.process.pid ?? null,
      };
      draft.enter({ ...phase, then: { kind: 'start', launch, delayMs } });
      return;
    }
    case 'stopped':
      launchAfterDelay(draft, planRequestedLaunch('operator', reason, { desired: desiredBefore, phase }), delayMs);
      return;
    case 'down': {
      const launch = planRequestedLaunch('operator', reason, fallbackTo(desiredBefore, phase));
      launchAfterDelay(draft, { ...launch, ...replacementOf(draft) }, delayMs);
      return;
    }
  }
}

/** Replaces the process of a launch that was decided before a PATCH, once the launch's outcome is known. */
function replaceAfterLaunch(draft: Draft, phase: StartingPhase, { reason, delayMs }: EventOf<'restart-asked'>): void {
  const launch: LaunchIntent = {
    ...planRequestedLaunch('operator', reason, { desired: 'running', phase: waitingPhase(draft.now) }),
    kind: 'restart',
  };
  stopAfterLaunch(draft, phase.launch.runId, phase.outcome, { kind: 'start', launch, delayMs });
}

/** Closes the circuit, sets its count to 0, and launches the agent if it should run and is down. */
export function onResetAsked(draft: Draft): void {
  const phase = draft.phase;
  draft.moveCircuit({ type: 'reset' });
  draft.effect({ type: 'reset-tokens' });
  draft.endIncident('closed');
  // While the operator acts in a shell, the intended state is unknown, so a reset launches nothing.
  const isBeingEnded = phase.kind === 'down' && (phase.why === 'operator-acting' || phase.why === 'daemon-ended');
  if (draft.desired === 'running' && phase.kind === 'down' && !isBeingEnded) {
    beginLaunch(draft, planLaunchAfterReset(draft));
  } else if (phase.kind === 'stopping' && isTakenOver(phase.then)) {
    draft.enter({ ...phase, then: { kind: 'start', launch: planLaunchAfterReset(draft), delayMs: 0 } });
  } else if (phase.kind !== 'starting' && !(phase.kind === 'stopping' && phase.then.kind === 'start')) {
    draft.answer('up', { kind: 'done' });
  }
}

/** Returns true if a reset launches instead of what healing planned. It waits neither for a back-off nor for a pause. */
function isTakenOver(then: AfterStop): boolean {
  return then.kind === 'halted' || (then.kind === 'start' && isOfHealing(then.launch.by));
}

function planLaunchAfterReset(draft: Draft): LaunchIntent {
  const { phase } = draft;
  const pending = phase.kind === 'down' ? phase.launch?.fallback : null;
  const fallback = pending ?? { desired: 'running', phase: waitingPhase(draft.now) };
  // A reset is not a start: an entry that the operator deleted stays deleted.
  return { ...planRequestedLaunch('operator', 'circuit reset', fallback), ...replacementOf(draft), mustBeListed: true };
}

/** Returns the launch members of a start that replaces the agent's last process. */
function replacementOf(draft: Draft): Pick<LaunchIntent, 'kind' | 'pidBefore'> {
  const last = draft.state.lastRun;
  return last === null ? { kind: 'spawn', pidBefore: null } : { kind: 'restart', pidBefore: last.process.pid };
}

/** Returns the fallback of the pending command, if any, so that both commands fail to the same state. */
function fallbackTo(desired: DesiredState, phase: DownPhase): Fallback {
  return phase.launch?.fallback ?? { desired, phase };
}

function fallbackAfterStop(draft: Draft, then: AfterStop['kind']): Fallback {
  const stopped: StoppedPhase = { kind: 'stopped', since: draft.now };
  if (then === 'stopped' || then === 'unregistered') return { desired: 'stopped', phase: stopped };
  if (then === 'start') return { desired: 'running', phase: waitingPhase(draft.now) };
  return { desired: 'running', phase: haltedPhase(draft.now) };
}

function launchAfterDelay(draft: Draft, launch: LaunchIntent, delayMs: number): void {
  launchAfter(draft, launch, delayMs, 'restart-delay');
}
