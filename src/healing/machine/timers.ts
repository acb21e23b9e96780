import type { Draft, MachineState } from './draft';
import { becomeStable, onGraceOver, stableTimeOf } from './health-results';
import { idleStopTimeOf, stopIfIdle } from './idle';
import { beginLaunch, planHealingLaunch } from './launch';
import {
  isOfHealing,
  KILL_AGAIN_MS,
  LOOK_AGAIN_MS,
  OPERATOR_ACTING_MS,
  type DownPhase,
  type StoppingPhase,
  type VerifyingPhase,
} from './phase';
import type { HealingPolicy } from './policy';
import { NOT_CHECKED, type AgentState } from './state';
import { acceptShellStop, DAEMON_UPDATE_MS, killOf } from './stop';

/** Least startup grace: the first check needs time even with a grace of 0. */
const LEAST_GRACE_MS = 1_000;

/** Time over which launches that came due during a suspend are spread. */
const SPREAD_MS = 5_000;

/**
 * Returns when the agent's timer is due, on the scale of `Clock.now()`; null: never. A phase has at most one deadline,
 * so a late, repeated or stale timer does no harm.
 */
export function deadlineOf(machineState: MachineState, policy: HealingPolicy): number | null {
  const due = phaseDeadlineOf(machineState, policy);
  return earlierOf(due, machineState.state.pausedUntil);
}

/** Returns true if a due time of the agent is kept on disk: of its next launch or trial, or of the end of a pause. */
export function hasDueTime({ state: { phase, pausedUntil }, circuit }: MachineState): boolean {
  return (phase.kind === 'down' && phase.until !== null) || circuit.dueAt !== null || pausedUntil !== null;
}

/** Returns the deadline of the phase. The end of a pause is not one, but it delays the launches of healing. */
function phaseDeadlineOf(machineState: MachineState, policy: HealingPolicy): number | null {
  const { state, circuit } = machineState;
  const phase = state.phase;
  switch (phase.kind) {
    case 'stopped':
      return policy.isExternal && circuit.state === 'OPEN' ? circuit.dueAt : null;
    case 'starting':
      return phase.lookAt;
    case 'verifying':
      return verifyDeadlineOf(phase, policy);
    case 'running':
      return earlierOf(stableTimeOf(phase, policy), idleStopTimeOf(machineState, policy));
    case 'stopping':
      return phase.againAt;
    case 'down': {
      const due = phase.why === 'halted' ? trialTimeOf(machineState, phase) : phase.until;
      return due !== null && isDelayedByPause(phase) ? afterPause(due, state) : due;
    }
  }
}

function earlierOf(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function verifyDeadlineOf({ since, checked }: VerifyingPhase, policy: HealingPolicy): number | null {
  if (!policy.isChecked) return since + policy.verifyMs;
  switch (checked.kind) {
    case 'awaited':
      return since + Math.max(policy.graceMs, LEAST_GRACE_MS);
    case 'good':
      return checked.since + policy.verifyMs;
    case 'failed':
      return null;
  }
}

/**
 * Returns when the trial is due. An OPEN circuit owns that time. With any other circuit a halted agent would wait
 * forever, so it is due at once.
 */
function trialTimeOf({ circuit }: MachineState, { since }: DownPhase): number | null {
  return circuit.state === 'OPEN' ? circuit.dueAt : since;
}

/**
 * Returns true if healing's own launch is pending, which waits for the end of a pause. Requested launches do not wait,
 * nor does the operator's work in a shell.
 */
function isDelayedByPause(phase: DownPhase): boolean {
  if (phase.why === 'operator-acting' || phase.why === 'daemon-ended') return false;
  return phase.launch === null || isOfHealing(phase.launch.by);
}

function afterPause(due: number, { pausedUntil }: AgentState): number {
  return pausedUntil === null ? due : Math.max(due, pausedUntil);
}

/** Acts on the deadline of the present phase, if it has passed. */
export function onTimer(draft: Draft): void {
  draft.endDuePause();
  const deadline = phaseDeadlineOf(draft.result(), draft.policy);
  if (deadline === null || draft.now < deadline) return;
  const phase = draft.phase;
  switch (phase.kind) {
    case 'stopped':
      return;
    case 'starting':
      draft.enter({ ...phase, lookAt: draft.now + LOOK_AGAIN_MS });
      draft.effect({ type: 'observe', scan: true });
      return;
    case 'verifying':
      return onVerifyDue(draft, phase);
    case 'running':
      becomeStable(draft);
      return stopIfIdle(draft);
    case 'stopping':
      return onStopOverdue(draft, phase);
    case 'down':
      return onDownDue(draft, phase);
  }
}

function onVerifyDue(draft: Draft, phase: VerifyingPhase): void {
  if (draft.policy.isChecked && phase.checked.kind === 'awaited') return onGraceOver(draft, phase);
  draft.enter({ kind: 'running', since: draft.now, run: phase.run, stable: false, checked: NOT_CHECKED });
  if (draft.state.incident !== null || phase.launch?.trial === true) {
    draft.record('recovery.verified', { pid: phase.run.process.pid, runId: phase.run.runId });
  }
}

function onStopOverdue(draft: Draft, phase: StoppingPhase): void {
  if (phase.awaited !== null) {
    draft.enter({ ...phase, againAt: draft.now + LOOK_AGAIN_MS });
    draft.effect({ type: 'observe', scan: true });
    return;
  }
  // `kill-ended` reports the death. Kill again in case that event was lost.
  draft.enter({ ...phase, againAt: draft.now + KILL_AGAIN_MS });
  draft.effect(killOf(phase.run ?? { runId: phase.runId, process: null }, phase.then));
}

function onDownDue(draft: Draft, phase: DownPhase): void {
  const pidBefore = draft.state.lastRun?.process.pid ?? null;
  switch (phase.why) {
    case 'backing-off':
    case 'restart-delay':
    case 'waiting':
      beginLaunch(draft, phase.launch ?? planHealingLaunch('the agent should run and has no process', pidBefore, null));
      return;
    case 'halted': {
      const attempt = (draft.state.incident?.attempt ?? 0) + 1;
      beginLaunch(draft, planHealingLaunch('trial after the cool-down', pidBefore, attempt));
      return;
    }
    case 'operator-acting':
      draft.enter({ ...phase, until: draft.now + OPERATOR_ACTING_MS });
      draft.effect({ type: 'observe', scan: false });
      return;
    case 'daemon-ended':
      return acceptShellStop(draft, 'kill');
  }
}

/** Restarts the open windows after a suspend. Neither time nor checks from before it count. */
export function onResumed(draft: Draft): void {
  const { phase, now } = draft;
  if (phase.kind === 'verifying' || (phase.kind === 'running' && !phase.stable))
    draft.enter({ ...phase, since: now, checked: NOT_CHECKED });
  else if (phase.kind !== 'down') return;
  else if (phase.why === 'daemon-ended') draft.enter({ ...phase, until: now + DAEMON_UPDATE_MS });
  else if (phase.why === 'operator-acting') draft.enter({ ...phase, until: now + OPERATOR_ACTING_MS });
  else if (phase.until !== null && phase.until < now)
    draft.enter({ ...phase, until: now + Math.round(draft.context.random() * SPREAD_MS) });
}
