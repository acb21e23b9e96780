import type { MachineEvent } from './event';
import type { DownPhase } from './state';
import type { Turn } from './turn';

/** A pause is for debugging: a week at most. */
export const LONGEST_PAUSE_MS = 7 * 24 * 3_600_000;

/** From here on healing observes and records, but neither kills nor starts the agent; a person still may. */
export function pauseAsked(turn: Turn, { until }: Extract<MachineEvent, { type: 'pause-asked' }>): void {
  turn.update({ pausedUntil: until });
  turn.record('agent.paused', { seconds: Math.round((until - turn.now) / 1_000) });
  turn.answer('decided', { kind: 'done' });
}

/** Healing takes over again: what is due is done at once. */
export function resumeAsked(turn: Turn): void {
  if (turn.state.pausedUntil !== null) endPause(turn, 'asked');
  turn.answer('decided', { kind: 'done' });
}

/** @returns whether there was one, and its time is over */
export function endDuePause(turn: Turn): boolean {
  const { pausedUntil } = turn.state;
  if (pausedUntil === null || turn.now < pausedUntil) return false;
  endPause(turn, 'its time is over');
  return true;
}

function endPause(turn: Turn, why: string): void {
  turn.update({ pausedUntil: null });
  turn.record('agent.resumed', { why });
}

/** What healing does by itself waits for the end of a pause; what a person asked for, or is doing in a shell, does not. */
export function isHealings(phase: DownPhase): boolean {
  if (phase.why === 'operator-acting' || phase.why === 'daemon-ended') return false;
  return phase.launch === null || phase.launch.by === 'healing' || phase.launch.by === 'autostart';
}
