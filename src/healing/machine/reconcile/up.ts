import type { Draft } from '../draft';
import type { Observation } from '../event';
import { acceptExitOrder, onCrash } from '../exits';
import { planHealingLaunch, verifyingPhase } from '../launch';
import type { Run } from '../phase';
import { acceptShellStop, beginStop } from '../stop';
import { adopt, isEntryOf, isProcessOf, isSameDaemon, reapDuplicate, relaunchLost, type LiveEntry } from './entries';

/** Reconciles an agent that is verifying or running. */
export function reconcileUp(draft: Draft, run: Run, live: readonly LiveEntry[], observation: Observation): void {
  const own = live.find((entry) => isProcessOf(run, entry));
  if (own !== undefined) {
    removeDuplicates(draft, own, live, observation);
    if (observation.boot) confirm(draft, run, own, observation);
    return;
  }
  if (live.length > 0) {
    const left = observation.unlisted.find((found) => isProcessOf(run, found));
    if (left !== undefined)
      draft.effect({ type: 'end-process', process: left.process, runId: left.runId, why: 'orphan' });
    return adopt(draft, live, observation);
  }
  const entry = observation.listed.find((each) => isEntryOf(run, each, observation));
  if (entry === undefined) return onUnlisted(draft, run, observation);
  // The daemon has not noticed the exit yet. Its event or the next snapshot will show it.
  if (entry.state === 'online' || entry.state === 'launching' || entry.state === 'stopping') return;
  // The event was missed: the operator stopped it in a shell, or is restarting it. The next snapshot shows which.
  if (entry.wasEndOrdered) return acceptExitOrder(draft, run.process.pid, run.runId);
  // Only a scan shows whether the exit was ordered. A stop in a shell whose event was missed is not a crash.
  if (!observation.scanned) {
    draft.effect({ type: 'observe', scan: true });
    return;
  }
  onCrash(draft, run, { exitCode: null, signal: null });
}

function removeDuplicates(draft: Draft, own: LiveEntry, live: readonly LiveEntry[], observation: Observation): void {
  for (const other of live) if (other !== own) reapDuplicate(draft, other);
  // Remove a duplicate's dead entry: the next `pm2 start` by name would start it beside the live process.
  for (const { entryId, uniqueId, process, state } of observation.listed)
    if (process === null && entryId !== own.entryId && (state === 'stopped' || state === 'errored'))
      draft.effect({ type: 'forget', entry: { daemon: observation.daemon, entryId, uniqueId } });
}

/** Confirms at boot that the same process lives. An unfinished window starts again. */
function confirm(draft: Draft, run: Run, entry: LiveEntry, observation: Observation): void {
  const phase = draft.phase;
  const { entryId, uniqueId, upSince } = entry;
  const log = run.log ?? draft.context.logEnd;
  const known: Run = { ...run, entryId, uniqueId, upSince, log, daemon: observation.daemon };
  draft.update({ lastRun: known });
  draft.record('agent.adopted', { pid: run.process.pid, runId: run.runId });
  const isStable = phase.kind === 'running' && phase.stable;
  const launch = phase.kind === 'verifying' ? phase.launch : null;
  draft.enter(isStable ? { ...phase, run: known } : verifyingPhase(draft, known, launch));
}

/** Handles a run that PM2 no longer lists. */
function onUnlisted(draft: Draft, run: Run, observation: Observation): void {
  const orphan = observation.unlisted.find((found) => isProcessOf(run, found));
  if (isSameDaemon(run, observation)) {
    acceptShellStop(draft, 'delete');
    if (orphan !== undefined) beginStop(draft, run, { kind: 'stopped' });
    return;
  }
  if (!observation.scanned) {
    draft.effect({ type: 'observe', scan: true });
    return;
  }
  if (orphan === undefined) return relaunchLost(draft, run, "PM2's daemon exited");
  draft.record('agent.orphan-reaped', { pid: run.process.pid, runId: run.runId });
  const launch = planHealingLaunch("PM2's daemon exited", run.process.pid, null);
  beginStop(draft, run, { kind: 'start', launch, delayMs: 0 });
}
