import type { Draft, MachineState } from './draft';
import type { HealingPolicy } from './policy';
import { beginStop } from './stop';
import { supersede } from './commands/stop';

/**
 * Returns when an agent that runs on demand has been idle for too long; null: it must not be stopped for that. Each
 * later activity moves this time. A new process has its whole time from its verification, and an agent that says it is
 * busy is never stopped. An incident, a trial or a pause is none of this timer's business.
 */
export function idleStopTimeOf({ state, desired, circuit }: MachineState, policy: HealingPolicy): number | null {
  const { phase, onDemand, incident, pausedUntil } = state;
  const { idleStopMs, activity } = policy;
  if (!onDemand || idleStopMs === null || phase.kind !== 'running' || desired !== 'running') return null;
  if (incident !== null || pausedUntil !== null || circuit.state !== 'CLOSED') return null;
  const activeAt = Math.max(phase.since, activity.at ?? 0);
  return Math.max(activeAt + idleStopMs, activity.busyUntil ?? 0);
}

/**
 * Stops an agent that has been idle for too long. It is a stop like any other. No message is sent: the next task starts
 * the agent again.
 */
export function stopIfIdle(draft: Draft): void {
  const { phase, policy, now } = draft;
  const due = idleStopTimeOf(draft.result(), policy);
  if (phase.kind !== 'running' || due === null || now < due) return;
  supersede(draft, 'the supervisor, because the agent was idle,', now);
  beginStop(draft, phase.run, { kind: 'stopped', by: 'idle' });
}
