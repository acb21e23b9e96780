import type { Draft } from '../draft';
import type { Observation } from '../event';
import { LOOK_AGAIN_MS, type Run, type StoppingPhase } from '../phase';
import { beginStop, continueWithoutRun, killOf } from '../stop';
import { adopt, isProcessOf, reapDuplicate, startTimeOf, toRun, type LiveEntry } from './entries';
import { ABSENCES_NEEDED, giveUp } from './starting';

/** Reconciles a stop whose run is unknown. A known run is proven dead by its kill, except at boot. */
export function reconcileStopping(
  draft: Draft,
  phase: StoppingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  if (phase.run === null) reconcileWithoutRun(draft, phase, live, observation);
  else if (observation.boot) reconcileAtBoot(draft, phase, phase.run, live, observation);
}

function reconcileWithoutRun(
  draft: Draft,
  phase: StoppingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const entry = live.find((each) => each.runId === phase.runId);
  if (entry !== undefined) {
    const run = toRun(draft, entry, observation.daemon);
    draft.update({ lastRun: run, unanswered: null });
    beginStop(draft, run, phase.then);
    return;
  }
  if (observation.unlisted.some((found) => found.runId === phase.runId)) {
    // The process came up, under a daemon that is gone.
    draft.effect(killOf({ runId: phase.runId, process: null }, phase.then));
    draft.enter({ ...phase, absences: 0, againAt: draft.now + LOOK_AGAIN_MS });
    return;
  }
  if (phase.awaited !== 'unknown') return;
  const absences = phase.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    draft.enter({ ...phase, since: observation.beganAt, absences, againAt: draft.now + LOOK_AGAIN_MS });
    return;
  }
  // A run that came up is not a ghost. Its run id stays with its entry, which the operator may start again in a shell.
  if (phase.runId !== draft.state.lastRun?.runId) giveUp(draft, phase.runId);
  continueWithoutRun(draft, phase.then);
}

/** Adopts a process that the operator started after a stop. The supervisor was killed before that stop was proven. */
function reconcileAtBoot(
  draft: Draft,
  phase: StoppingPhase,
  run: Run,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const newer = live.filter((entry) => !isProcessOf(run, entry) && startTimeOf(draft, entry) > draft.state.stopAskedAt);
  if (phase.then.kind !== 'stopped' || newer.length === 0) return;
  for (const entry of live) if (!newer.includes(entry)) reapDuplicate(draft, entry);
  adopt(draft, newer, observation);
  const detail = 'A start in a shell superseded this stop. Stop the agent again if it should not run.';
  draft.answer('down', { kind: 'refused', code: 'operation-in-progress', detail });
}
