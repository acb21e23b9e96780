import { adopt, endDouble } from './adoption';
import type { Observation } from './event';
import { beginStop, continueAfterStop, killOf } from './launching';
import { isSame, startedAt, toRun, type LiveEntry } from './listing';
import { ABSENCES_NEEDED, giveUp } from './observed-starting';
import { LOOK_AGAIN_MS } from './outcomes';
import type { Run, StoppingPhase } from './state';
import type { Turn } from './turn';

export function observedStopping(
  turn: Turn,
  phase: StoppingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const entry = live.find((each) => each.runId === phase.runId);
  if (entry !== undefined) {
    const run = toRun(turn, entry, observation.daemon);
    turn.update({ lastRun: run });
    beginStop(turn, run, phase.then);
    return;
  }
  if (observation.unlisted.some((found) => found.runId === phase.runId)) {
    // It did come to life, under a daemon that is gone.
    turn.effect(killOf({ runId: phase.runId, process: null }, phase.then));
    turn.enter({ ...phase, absences: 0, againAt: turn.now + LOOK_AGAIN_MS });
    return;
  }
  if (phase.awaited !== 'unknown') return;
  const absences = phase.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    turn.enter({ ...phase, since: observation.beganAt, absences, againAt: turn.now + LOOK_AGAIN_MS });
    return;
  }
  // A run that did live and has ended is no ghost: a start of its entry in a shell, which keeps its id, is a person's.
  if (phase.runId !== turn.state.lastRun?.runId) giveUp(turn, phase.runId);
  continueAfterStop(turn, phase.then, null);
}

/** Its end was not proven when we were killed; a process that was started since is the operator's. */
export function observedStoppingAtBoot(
  turn: Turn,
  phase: StoppingPhase,
  run: Run,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const newer = live.filter((entry) => !isSame(run, entry) && startedAt(turn, entry) > turn.state.stopAskedAt);
  if (phase.then.kind !== 'stopped' || newer.length === 0) return;
  for (const entry of live) if (!newer.includes(entry)) endDouble(turn, entry);
  adopt(turn, newer, observation);
  const detail = 'A start in a shell overtook it. Stop it again if it should not run.';
  turn.answer('down', { kind: 'refused', code: 'operation-in-progress', detail });
}
