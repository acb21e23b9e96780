import type { Draft } from '../draft';
import type { Observation } from '../event';
import { onUnansweredExit } from '../exits';
import { beginLaunch } from '../launch';
import { LOOK_AGAIN_MS, type StartingPhase } from '../phase';
import { acceptShellStop } from '../stop';
import { adopt, isSameProcess, type LiveEntry } from './entries';

/** Snapshots without the process, one second apart, that prove that an unanswered launch did not happen. */
export const ABSENCES_NEEDED = 2;

const GHOSTS_KEPT = 8;

/** Reconciles a launch whose answer did not come. While the answer is pending, it decides, not a snapshot. */
export function reconcileStarting(
  draft: Draft,
  phase: StartingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  if (phase.outcome !== 'unknown') return;
  if (live.length > 0) {
    const mine = live.filter((entry) => entry.runId === phase.launch.runId);
    adopt(draft, mine.length > 0 ? mine : live, observation);
    draft.answer('up', { kind: 'done' });
    return;
  }
  const mine = observation.listed.find((entry) => entry.runId === phase.launch.runId);
  if (mine?.state === 'stopped' || mine?.state === 'errored') {
    // The process came up and has exited since.
    return onUnansweredExit(draft, phase, { exitCode: null, signal: null, ordered: mine.wasEndOrdered });
  }
  const isListed = observation.listed.length > 0;
  if (!isListed && isSameProcess(phase.listedUnder, observation.daemon)) return acceptShellStop(draft, 'delete');
  const absences = phase.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    const listedUnder = isListed ? observation.daemon : phase.listedUnder;
    draft.enter({ ...phase, since: observation.beganAt, absences, listedUnder, lookAt: draft.now + LOOK_AGAIN_MS });
    return;
  }
  relaunchUnanswered(draft, phase);
}

function relaunchUnanswered(draft: Draft, { launch }: StartingPhase): void {
  giveUp(draft, launch.runId);
  draft.answer('up', {
    kind: 'refused',
    code: 'process-manager-unavailable',
    detail: 'PM2 did not answer the launch, and snapshots show that it did not happen. The supervisor retries it.',
  });
  beginLaunch(draft, { ...launch, fallback: null });
}

/** Gives up a launch without an answer. If its process appears, it is killed. */
export function giveUp(draft: Draft, runId: string): void {
  draft.update({ ghosts: [...draft.state.ghosts, runId].slice(-GHOSTS_KEPT) });
}
