import { LONGEST_PAUSE_MS } from './pause';
import { newAgentState, NOT_CHECKED, type AgentState, type DownPhase, type Phase, type StoppingPhase } from './state';

/**
 * A state as it was saved, made usable after a start of ours: nothing that was under way is trusted, lists decide.
 * Saved due times may lie anywhere after the clock was set, so they are clamped to [now, now + the longest delay].
 */
export function revivedState(saved: AgentState, now: number, longestDelayMs: number): AgentState {
  const startAskedAt = Math.min(saved.startAskedAt, now);
  const stopAskedAt = Math.min(saved.stopAskedAt, now);
  const { pausedUntil: until = null } = saved as Partial<AgentState>;
  const pausedUntil = until === null ? null : Math.min(until, now + LONGEST_PAUSE_MS);
  const phase = revivedPhase(saved.phase, now - 1, longestDelayMs);
  // What an older program saved has fewer members.
  return { ...newAgentState(now), ...saved, startAskedAt, stopAskedAt, pausedUntil, phase };
}

function revivedPhase(phase: Phase, now: number, longestDelayMs: number): Phase {
  switch (phase.kind) {
    case 'starting':
      // Nobody waits for its answer any more, so there is nothing to fall back to: what was asked for is meant.
      return {
        ...phase,
        since: now,
        launch: { ...phase.launch, fallback: null },
        outcome: 'unknown',
        absences: 0,
        lookAt: now,
      };
    case 'stopping':
      return revivedStopping(phase, now);
    case 'down':
      return revivedDown(phase, now, longestDelayMs);
    case 'verifying':
    case 'running':
      return { ...phase, since: now, checked: NOT_CHECKED };
    case 'stopped':
      return { ...phase, since: now };
  }
}

function revivedDown(phase: DownPhase, now: number, longestDelayMs: number): DownPhase {
  const until = phase.until === null ? null : Math.min(Math.max(phase.until, now), now + longestDelayMs);
  const launch = phase.launch === null ? null : { ...phase.launch, fallback: null };
  return { ...phase, since: now, until, launch };
}

function revivedStopping(phase: StoppingPhase, now: number): StoppingPhase {
  const { then } = phase;
  return {
    ...phase,
    since: now,
    awaited: phase.run === null ? 'unknown' : null,
    absences: 0,
    then: then.kind === 'start' ? { ...then, launch: { ...then.launch, fallback: null } } : then,
    againAt: now,
  };
}
