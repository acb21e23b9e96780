import type { Draft } from '../draft';
import type { Observation } from '../event';
import { beginLaunch, haltedPhase, planHealingLaunch } from '../launch';
import { acceptShellStop, beginStop } from '../stop';
import { adopt, isProcessOf, isSameDaemon, reapDuplicate, startTimeOf, toRun, type LiveEntry } from './entries';

export function reconcileStopped(draft: Draft, live: readonly LiveEntry[], observation: Observation): void {
  if (draft.desired === 'running') return reconcileUnknown(draft, live, observation);
  const last = draft.state.lastRun;
  // The operator started what is newer than the stop. What is older should have been killed.
  const isNewer = (entry: LiveEntry) =>
    (last === null || !isProcessOf(last, entry)) && startTimeOf(draft, entry) > stopTimeOf(draft, entry);
  const newer = live.filter(isNewer);
  const [left] = live.filter((entry) => !isNewer(entry));
  if (newer.length > 0) {
    for (const entry of live) if (!newer.includes(entry)) reapDuplicate(draft, entry);
    adopt(draft, newer, observation);
  } else if (left !== undefined) beginStop(draft, toRun(draft, left, observation.daemon), { kind: 'stopped' });
}

/**
 * Returns the time after which a start is an operator's. For an agent that was never started or stopped, this is its
 * registration: an older process with the agent's marker belongs to a deleted agent of the same name.
 */
function stopTimeOf({ phase, state }: Draft, entry: LiveEntry): number {
  const isUntouched = state.lastRun === null && state.startAskedAt === 0 && state.stopAskedAt === 0;
  return isUntouched && entry.runId !== null && phase.kind === 'stopped' ? phase.since : state.stopAskedAt;
}

/**
 * Decides about an agent that should run but whose saved state could not be read. Only a scan shows if it lives, was
 * stopped by the operator, or must be launched.
 */
function reconcileUnknown(draft: Draft, live: readonly LiveEntry[], observation: Observation): void {
  const { listed, scanned, unlisted } = observation;
  if (live.length > 0) return adopt(draft, live, observation);
  if (!scanned) {
    draft.effect({ type: 'observe', scan: true });
    return;
  }
  // Orphans are being killed. A later snapshot shows when they are gone.
  if (unlisted.some(({ leader }) => leader)) return;
  if (listed.some(({ wasEndOrdered }) => wasEndOrdered)) return acceptShellStop(draft, 'stop');
  const { lastRun } = draft.state;
  const isDeleted = listed.length === 0 && lastRun !== null && isSameDaemon(lastRun, observation);
  if (isDeleted) return acceptShellStop(draft, 'delete');
  if (draft.circuit.state === 'OPEN') draft.enter(haltedPhase(draft.now));
  else beginLaunch(draft, planHealingLaunch('the agent should run and has no process', null, null));
}
