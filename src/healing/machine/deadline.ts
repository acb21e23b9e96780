import type { Situation } from './turn';
import type { HealingPolicy } from './policy';

/**
 * When the present phase wants to be looked at again, on the scale of `Clock.now()`; null: never by itself. A phase has
 * at most one deadline, so a timer that comes late, twice, or from an earlier phase can do no harm.
 */
export function deadlineOf(situation: Situation, policy: HealingPolicy): number | null {
  const phase = situation.state.phase;
  switch (phase.kind) {
    case 'stopped':
      return null;
    case 'starting':
      return phase.lookAt;
    case 'verifying':
      return phase.since + policy.verifyMs;
    case 'running':
      return phase.stable ? null : phase.since + policy.stableMs;
    case 'stopping':
      return phase.againAt;
    case 'down':
      return phase.why === 'halted' ? situation.circuit.dueAt : phase.until;
  }
}
