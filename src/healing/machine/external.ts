import type { Diagnosis } from '../../kernel';
import type { MachineEvent } from './event';
import { escalate, noteDiagnosis, noteFailure, openIncident } from './failing';
import { endDuePause } from './pause';
import type { ExternalFacts } from './state';
import type { Turn } from './turn';

type CheckedEvent = Extract<MachineEvent, { type: 'checked' }>;

/** Failed checks in a row that make one failure: as many as make a verdict. */
const CHECKS_A_FAILURE = 3;

const UNSEEN: ExternalFacts = { wasSeen: false, failedChecks: 0, goodSince: null };

/**
 * An agent that somebody else starts and stops: its failures are counted and told, and its circuit opens and closes as any
 * other; nothing is done to its process.
 */
export function external(turn: Turn, event: MachineEvent): void {
  if (event.type === 'checked') checkedOutside(turn, event);
  else if (event.type === 'timer') timerOutside(turn);
  else if (event.type === 'reset-asked') resetOutside(turn);
  else if (event.type === 'circuit-moved' && turn.circuit.state === 'CLOSED') turn.endIncident('closed');
  else if (event.type === 'resumed') turn.update({ external: { ...factsOf(turn), failedChecks: 0, goodSince: null } });
  // Whatever else is told is about processes, and it has none of ours.
}

function resetOutside(turn: Turn): void {
  turn.moveCircuit({ type: 'reset' });
  turn.endIncident('closed');
  turn.update({ external: { ...factsOf(turn), failedChecks: 0 } });
  turn.answer('up', { kind: 'done' });
}

function factsOf(turn: Turn): ExternalFacts {
  return turn.state.external ?? UNSEEN;
}

function checkedOutside(turn: Turn, event: CheckedEvent): void {
  if (event.problem === null && event.failing === null) good(turn);
  else if (factsOf(turn).wasSeen) failed(turn, event);
}

function good(turn: Turn): void {
  const before = factsOf(turn);
  if (!before.wasSeen || before.goodSince === null || before.failedChecks > 0)
    turn.update({ external: { wasSeen: true, failedChecks: 0, goodSince: before.goodSince ?? turn.now } });
  if (turn.state.unhealthy !== null) {
    turn.record('agent.healthy', {});
    turn.update({ unhealthy: null });
  }
  const { circuit } = turn;
  const isStable = turn.now - (factsOf(turn).goodSince ?? turn.now) >= turn.policy.stableMs;
  const isOver = circuit.state === 'HALF_OPEN' || (circuit.state === 'CLOSED' && isStable);
  if (!isOver || (circuit.state === 'CLOSED' && circuit.failureCount === 0 && turn.state.incident === null)) return;
  turn.moveCircuit({ type: 'success' });
  turn.endIncident('recovered');
}

function failed(turn: Turn, { failing, mayAct }: CheckedEvent): void {
  const before = factsOf(turn);
  if (before.goodSince !== null) turn.update({ external: { ...before, goodSince: null } });
  if (failing === null) return;
  if (turn.state.unhealthy === null) {
    const { cause, line } = failing;
    turn.record('agent.unhealthy', { cause, line });
    turn.update({ unhealthy: { incarnation: 'external', cause } });
  }
  if (!mayAct || turn.isPaused || turn.circuit.state === 'OPEN') return;
  const isDue = before.failedChecks === 0 || turn.circuit.state === 'HALF_OPEN';
  turn.update({ external: { ...factsOf(turn), failedChecks: (before.failedChecks + 1) % CHECKS_A_FAILURE } });
  if (isDue) countFailure(turn, failing);
}

function countFailure(turn: Turn, diagnosis: Diagnosis): void {
  openIncident(turn);
  const { cause, line, remedy } = diagnosis;
  turn.record('recovery.diagnosed', { cause, line, remedy });
  noteDiagnosis(turn, diagnosis);
  turn.moveCircuit({ type: 'failure', restartable: true, trial: true });
  const isOpen = turn.circuit.state === 'OPEN';
  noteFailure(turn, diagnosis, isOpen ? 'halt' : 'none');
  if (isOpen) escalate(turn, diagnosis, false);
}

/** Its trial is the next check. */
function timerOutside(turn: Turn): void {
  endDuePause(turn);
  const { state, dueAt } = turn.circuit;
  if (state === 'OPEN' && dueAt !== null && turn.now >= dueAt) turn.moveCircuit({ type: 'trial', by: 'healing' });
}
