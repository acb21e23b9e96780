import type { Diagnosis } from '../../kernel';
import type { Draft } from './draft';
import type { Waiters } from './effect';
import type { EventOf, MachineEvent } from './event';
import { escalate, noteDiagnosis, noteFailure, openIncident, recordDiagnosed } from './failures';
import { noteMisconfigured } from './health-results';
import type { ExternalFacts } from './state';
import { unregister } from './stop';

/** Checks with a failing verdict per counted failure; equals the failed checks in a row that make a verdict. */
const CHECKS_A_FAILURE = 3;

const UNSEEN: ExternalFacts = { wasSeen: false, failedChecks: 0, goodSince: null };

const refuseUp = (draft: Draft) => {
  refuse(draft, 'up');
};
const refuseDown = (draft: Draft) => {
  refuse(draft, 'down');
};
/** Ignores an event about a process that the supervisor launched when the agent was not external. */
const ignore = () => undefined;

/**
 * Handlers for an agent that the supervisor does not launch, besides those for every agent. Its failures are counted
 * and reported, and its circuit opens and closes as usual, but its process is never touched.
 */
export const EXTERNAL_HANDLERS = {
  'start-asked': refuseUp,
  'restart-asked': refuseUp,
  'recovery-asked': refuseUp,
  'stop-asked': refuseDown,
  'reset-asked': onResetAsked,
  'unregister-asked': onUnregisterAsked,
  'circuit-asked': onCircuitAsked,
  checked: onChecked,
  resumed: onResumed,
  timer: onTimer,
  'launch-succeeded': ignore,
  'launch-failed': ignore,
  'launch-unknown': ignore,
  'launch-blocked': ignore,
  'kill-ended': ignore,
  exited: ignore,
  reaped: ignore,
  'operator-stopped': ignore,
  'daemon-ending': ignore,
  observed: ignore,
} satisfies { readonly [K in MachineEvent['type']]?: (draft: Draft, event: EventOf<K>) => void };

/** Refuses a command on the process. It was requested when the agent was not external. */
function refuse(draft: Draft, waiters: Waiters): void {
  const detail = 'The agent has no entry point, so the supervisor only watches it. Start and stop it where it runs.';
  draft.answer(waiters, { kind: 'refused', code: 'external-agent', detail });
}

function onResetAsked(draft: Draft): void {
  draft.moveCircuit({ type: 'reset' });
  draft.effect({ type: 'reset-tokens' });
  draft.endIncident('closed');
  draft.update({ external: { ...factsOf(draft), failedChecks: 0 } });
  draft.answer('up', { kind: 'done' });
}

function onUnregisterAsked(draft: Draft): void {
  draft.endIncident('closed');
  // Answer first: a caller that still waits when the agent is removed is refused.
  draft.answer('down', { kind: 'done' });
  unregister(draft);
}

function onCircuitAsked(draft: Draft, { event }: EventOf<'circuit-asked'>): void {
  draft.moveCircuit(event);
  if (draft.circuit.state === 'CLOSED') draft.endIncident('closed');
  draft.answer('decided', { kind: 'done' });
}

function factsOf(draft: Draft): ExternalFacts {
  return draft.state.external ?? UNSEEN;
}

function onChecked(draft: Draft, event: EventOf<'checked'>): void {
  noteMisconfigured(draft, event);
  // A misconfigured or excused check says nothing about the agent's health.
  if ((event.misconfigured !== undefined || event.isExcused === true) && event.failing === null) return;
  if (event.problem === null && event.failing === null) onGoodCheck(draft);
  else if (factsOf(draft).wasSeen) onFailedCheck(draft, event);
}

function onGoodCheck(draft: Draft): void {
  const before = factsOf(draft);
  if (!before.wasSeen || before.goodSince === null || before.failedChecks > 0)
    draft.update({ external: { wasSeen: true, failedChecks: 0, goodSince: before.goodSince ?? draft.now } });
  if (draft.state.unhealthy !== null) {
    draft.record('agent.healthy', {});
    draft.update({ unhealthy: null });
  }
  const { circuit } = draft;
  const isStable = draft.now - (factsOf(draft).goodSince ?? draft.now) >= draft.policy.stableMs;
  const isOver = circuit.state === 'HALF_OPEN' || (circuit.state === 'CLOSED' && isStable);
  if (!isOver || (circuit.state === 'CLOSED' && circuit.failureCount === 0 && draft.state.incident === null)) return;
  draft.moveCircuit({ type: 'success' });
  draft.endIncident('recovered');
}

function onFailedCheck(draft: Draft, { failing, mayAct }: EventOf<'checked'>): void {
  const before = factsOf(draft);
  if (before.goodSince !== null) draft.update({ external: { ...before, goodSince: null } });
  if (failing === null) return;
  if (draft.state.unhealthy === null) {
    const { cause, line } = failing;
    draft.record('agent.unhealthy', { cause, line });
    draft.update({ unhealthy: { incarnation: 'external', cause } });
  }
  if (!mayAct || draft.isPaused || draft.circuit.state === 'OPEN') return;
  const isDue = before.failedChecks === 0 || draft.circuit.state === 'HALF_OPEN';
  draft.update({ external: { ...factsOf(draft), failedChecks: (before.failedChecks + 1) % CHECKS_A_FAILURE } });
  if (isDue) countFailure(draft, failing);
}

function countFailure(draft: Draft, diagnosis: Diagnosis): void {
  openIncident(draft);
  recordDiagnosed(draft, diagnosis);
  noteDiagnosis(draft, diagnosis);
  draft.moveCircuit({ type: 'failure', restartable: true, trial: true });
  const isOpen = draft.circuit.state === 'OPEN';
  noteFailure(draft, diagnosis, isOpen ? 'halt' : 'none');
  if (isOpen) escalate(draft, diagnosis, false);
}

function onResumed(draft: Draft): void {
  draft.update({ external: { ...factsOf(draft), failedChecks: 0, goodSince: null } });
}

/** Starts the trial when it is due. The next check decides it. */
function onTimer(draft: Draft): void {
  draft.endDuePause();
  const { state, dueAt } = draft.circuit;
  if (state === 'OPEN' && dueAt !== null && draft.now >= dueAt) draft.moveCircuit({ type: 'trial', by: 'healing' });
}
