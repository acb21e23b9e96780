import { isHealings } from './pause';
import type { HealingPolicy } from './policy';
import type { AgentState, VerifyingPhase } from './state';
import type { Situation } from './turn';

/** Without any grace, too, the first check needs its time. */
const LEAST_GRACE_MS = 1_000;

/**
 * When the agent wants to be looked at again, on the scale of `Clock.now()`; null: never by itself. A phase has at most
 * one deadline, so a timer that comes late, twice, or from an earlier phase can do no harm.
 */
export function deadlineOf(situation: Situation, policy: HealingPolicy): number | null {
  const due = phaseDeadlineOf(situation, policy);
  const { pausedUntil } = situation.state;
  if (pausedUntil === null) return due;
  return due === null ? pausedUntil : Math.min(due, pausedUntil);
}

/** The same of the phase alone: the end of a pause is no deadline of it. */
export function phaseDeadlineOf(situation: Situation, policy: HealingPolicy): number | null {
  const { state, circuit } = situation;
  const phase = state.phase;
  switch (phase.kind) {
    case 'stopped':
      return policy.isExternal && circuit.state === 'OPEN' ? circuit.dueAt : null;
    case 'starting':
      return phase.lookAt;
    case 'verifying':
      return verifiedAt(phase, policy);
    case 'running':
      // Without a good check it cannot become stable; the next one says so.
      if (phase.stable || (policy.isChecked && phase.checked.kind !== 'good')) return null;
      return phase.since + policy.stableMs;
    case 'stopping':
      return phase.againAt;
    case 'down': {
      const due = phase.why === 'halted' ? circuit.dueAt : phase.until;
      return due !== null && isHealings(phase) ? afterPause(due, state) : due;
    }
  }
}

function verifiedAt({ since, checked }: VerifyingPhase, policy: HealingPolicy): number | null {
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

function afterPause(due: number, { pausedUntil }: AgentState): number {
  return pausedUntil === null ? due : Math.max(due, pausedUntil);
}
