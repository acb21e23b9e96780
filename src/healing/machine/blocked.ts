import type { MachineEvent } from './event';
import { observed } from './observation';
import type { Turn } from './turn';

/** Time for what blocked a launch to end, before it is tried again. */
const BLOCKED_MS = 500;

/**
 * The guard saw something that forbids a launch: a live process of this agent, or that a person deleted its entry. The
 * launch is put off, and what was seen is acted on as on any list: it is adopted, ended, or the stop is kept.
 */
export function launchBlocked(turn: Turn, event: Extract<MachineEvent, { type: 'launch-blocked' }>): void {
  const phase = turn.phase;
  if (phase.kind !== 'starting' || phase.launch.runId !== event.runId) {
    if (phase.kind === 'stopping' && phase.run === null && phase.runId === event.runId) {
      turn.enter({ ...phase, awaited: 'unknown', absences: 0, againAt: turn.now });
    }
    return;
  }
  const until = turn.now + BLOCKED_MS;
  const since = event.observation.beganAt - 1;
  turn.enter({ kind: 'down', since, why: 'waiting', until, launch: phase.launch });
  observed(turn, event.observation);
}
