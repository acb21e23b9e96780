import { diagnosisOf } from '../../../kernel';
import type { Draft } from '../draft';
import type { EventOf } from '../event';
import { escalate, halt, openIncident } from '../failures';
import { beginLaunch, incidentFailureOf, planHealingLaunch, type LaunchIntent } from '../launch';
import { isOfHealing, type DownPhase, type StartingPhase } from '../phase';
import { incarnationOf } from '../state';
import { beginStop } from '../stop';

/** Longest pause: a week. Pauses are for debugging. */
export const LONGEST_PAUSE_MS = 7 * 24 * 3_600_000;

const COUNTED_BY_HAND = diagnosisOf('unknown', 'the circuit was opened by failures recorded through the API');

/** Pauses healing: it observes and records, but neither kills nor launches. The operator still can. */
export function onPauseAsked(draft: Draft, { until }: EventOf<'pause-asked'>): void {
  draft.update({ pausedUntil: until });
  draft.record('agent.paused', { seconds: Math.round((until - draft.now) / 1_000) });
  draft.answer('decided', { kind: 'done' });
}

/** Resumes healing. Overdue work is done at once. */
export function onResumeAsked(draft: Draft): void {
  if (draft.state.pausedUntil !== null) draft.endPause('requested');
  draft.answer('decided', { kind: 'done' });
}

/** Escalates to the operator now, whatever the circuit's state. */
export function onEscalateAsked(draft: Draft, { diagnosis }: EventOf<'escalate-asked'>): void {
  openIncident(draft);
  escalate(draft, diagnosis, draft.circuit.state !== 'OPEN');
  draft.answer('decided', { kind: 'done' });
}

/**
 * Recovers the agent now instead of when it is due. This is not an operator's command: it overrides no stop, pause or
 * open circuit, and its failure counts like that of any restart by healing.
 */
export function onRecoveryAsked(draft: Draft, { reason }: EventOf<'recovery-asked'>): void {
  const refusal = refusalOfRecovery(draft);
  if (refusal !== null) {
    draft.answer('up', { kind: 'refused', code: 'operation-in-progress', detail: refusal });
    return;
  }
  const phase = draft.phase;
  switch (phase.kind) {
    case 'starting':
    case 'stopping':
      return; // joins the pending launch and gets its answer
    case 'stopped':
      beginLaunch(draft, planRecovery(draft, null, reason));
      return;
    case 'verifying':
    case 'running':
      if (draft.state.unhealthy?.incarnation !== incarnationOf(phase.run)) {
        draft.answer('up', { kind: 'done' });
        return;
      }
      draft.breakOffTrial();
      beginStop(draft, phase.run, { kind: 'start', launch: planRecovery(draft, null, reason), delayMs: 0 });
      return;
    case 'down':
      // The operator's delayed restart is pending, and answers the caller too.
      if (phase.launch !== null && !isOfHealing(phase.launch.by)) return;
      beginLaunch(draft, planRecovery(draft, phase, reason));
      return;
  }
}

function refusalOfRecovery(draft: Draft): string | null {
  const phase = draft.phase;
  if (draft.desired === 'stopped') return 'The agent is stopped on request. Start it if it should run.';
  if (draft.isPaused) return 'The agent is paused. Resume it first.';
  const isHalted = phase.kind === 'stopping' && phase.then.kind === 'halted';
  if (isHalted || draft.circuit.state === 'OPEN')
    return 'The agent is halted because its circuit is open. Spawn this agent by its own id, or reset its circuit.';
  if (phase.kind === 'down' && (phase.why === 'operator-acting' || phase.why === 'daemon-ended'))
    return 'An operator is stopping the agent in a shell. Start it if it should run.';
  return null;
}

function planRecovery(draft: Draft, pending: DownPhase | null, reason: string): LaunchIntent {
  const pidBefore = draft.state.lastRun?.process.pid ?? null;
  return { ...(pending?.launch ?? planHealingLaunch(reason, pidBefore, null)), by: 'recovery', reason };
}

/**
 * Applies a manual count to the circuit. If the circuit opens, any process is killed. If it closes, a halted agent is
 * launched.
 */
export function onCircuitAsked(draft: Draft, { event }: EventOf<'circuit-asked'>): void {
  const before = draft.circuit.state;
  draft.moveCircuit(event);
  const after = draft.circuit.state;
  if (draft.desired === 'running' && before !== after) {
    if (after === 'OPEN') haltByHand(draft);
    else if (after === 'CLOSED') launchHalted(draft);
  }
  draft.answer('decided', { kind: 'done' });
}

function haltByHand(draft: Draft): void {
  const phase = draft.phase;
  switch (phase.kind) {
    case 'stopped':
      return;
    case 'verifying':
    case 'running':
      halt(draft, COUNTED_BY_HAND, phase.run);
      return;
    case 'starting':
      haltLaunch(draft, phase);
      return;
    case 'stopping':
      if (phase.then.kind === 'start' && (phase.then.launch.by === 'healing' || phase.then.launch.by === 'recovery')) {
        refuseStart(draft);
        draft.enter({ ...phase, then: { kind: 'halted' } });
        if (phase.run !== null) halt(draft, COUNTED_BY_HAND, phase.run);
      }
      return;
    case 'down':
      if (phase.why === 'backing-off' || (phase.why === 'waiting' && phase.launch?.by !== 'operator'))
        halt(draft, COUNTED_BY_HAND, null);
      return;
  }
}

function haltLaunch(draft: Draft, phase: StartingPhase): void {
  halt(draft, COUNTED_BY_HAND, null);
  refuseStart(draft);
  // Only the launch's outcome or a snapshot shows if a process exists.
  draft.enter({
    ...{ kind: 'stopping', since: draft.now, runId: phase.launch.runId, run: null, awaited: phase.outcome },
    ...{ absences: 0, then: { kind: 'halted' }, againAt: phase.lookAt },
  });
}

function refuseStart(draft: Draft): void {
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'The circuit of the agent was opened meanwhile. Reset the circuit, or spawn the agent by its own id.',
  });
}

function launchHalted(draft: Draft): void {
  const phase = draft.phase;
  const reason = 'its circuit was closed through the API';
  if (phase.kind === 'stopping' && phase.then.kind === 'halted') {
    const launch = planHealingLaunch(reason, phase.run?.process.pid ?? null, null, incidentFailureOf(draft));
    draft.enter({ ...phase, then: { kind: 'start', launch, delayMs: 0 } });
  } else if (phase.kind === 'down' && phase.why === 'halted') {
    const pidBefore = draft.state.lastRun?.process.pid ?? null;
    beginLaunch(draft, planHealingLaunch(reason, pidBefore, null, incidentFailureOf(draft)));
  }
}
