import type { Draft } from '../draft';

/**
 * Refuses a start by routing that an operator alone may request: of a paused agent, and of a stopped one whose circuit
 * is not CLOSED, because that start would be its trial.
 */
export function isRefusedToRouting(draft: Draft): boolean {
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

/** Refuses a start of a halted agent that only its operator may start, by its own id. */
export function refuseHalted(draft: Draft): void {
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'The agent is halted because its circuit is open. Spawn this agent by its own id, or reset its circuit.',
  });
}
