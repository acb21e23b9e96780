import type { UnlistedProcess } from '../../../processes';
import type { Draft } from '../draft';
import type { EventOf, Observation } from '../event';
import { runOf } from '../state';
import { reconcileDown } from './down';
import { isGhost, isProcessOf, type LiveEntry } from './entries';
import { reconcileStarting } from './starting';
import { reconcileStopped } from './stopped';
import { reconcileStopping } from './stopping';
import { reconcileUp } from './up';

export function onObserved(draft: Draft, { observation }: EventOf<'observed'>): void {
  reconcile(draft, observation);
}

/**
 * Reconciles the agent with a snapshot: adopts live entries, kills what must not live, launches lost agents, and
 * accepts stops in the operator's shell.
 */
export function reconcile(draft: Draft, observation: Observation): void {
  // A snapshot that began before the present phase is stale. If a scan found strays, only another scan finds them again.
  if (observation.beganAt <= draft.phase.since) {
    if (observation.scanned && observation.unlisted.length > 0) draft.effect({ type: 'observe', scan: true });
    return;
  }
  reapStrays(draft, observation);
  const live = observation.listed.filter(
    (entry): entry is LiveEntry => entry.process !== null && !isGhost(draft, entry.runId),
  );
  const phase = draft.phase;
  switch (phase.kind) {
    case 'stopped':
      return reconcileStopped(draft, live, observation);
    case 'starting':
      return reconcileStarting(draft, phase, live, observation);
    case 'verifying':
    case 'running':
      return reconcileUp(draft, phase.run, live, observation);
    case 'stopping':
      return reconcileStopping(draft, phase, live, observation);
    case 'down':
      return reconcileDown(draft, phase, live, observation);
  }
}

/** Kills ghosts (runs whose launch was given up), orphans of earlier runs, and duplicates of the current run. */
function reapStrays(draft: Draft, observation: Observation): void {
  for (const entry of observation.listed) {
    if (!isGhost(draft, entry.runId)) continue;
    if (entry.process === null) {
      // The ghost is dead. Forget it, so that a later start of its entry by the operator is adopted, not killed.
      draft.update({ ghosts: draft.state.ghosts.filter((ghost) => ghost !== entry.runId) });
    } else draft.effect({ type: 'end-process', process: entry.process, runId: entry.runId, why: 'given-up' });
  }
  for (const found of observation.unlisted) {
    if (!mayLive(draft, found, observation)) {
      const why = found.leader ? 'orphan' : 'descendant';
      draft.effect({ type: 'end-process', process: found.process, runId: found.runId, why });
    }
  }
}

function mayLive(draft: Draft, found: UnlistedProcess, observation: Observation): boolean {
  if (found.isNew) return true; // the operator or PM2 may be starting it
  const phase = draft.phase;
  if (phase.kind === 'starting') return phase.outcome === 'pending' && found.runId === phase.launch.runId;
  if (phase.kind === 'stopping' && phase.runId === found.runId) return true; // its kill is in progress
  const run = runOf(phase);
  if (run?.runId !== found.runId) return false;
  if (isProcessOf(run, found)) return true; // the phase decides about the run itself
  const isListed = observation.listed.some((entry) => entry.process !== null && entry.runId === run.runId);
  // Descendants of a run are younger than it. An older leader with its run id is a duplicate, from an earlier daemon.
  const isOlder = (found.process.startTime ?? 0) < (run.process.startTime ?? 0);
  return isListed && !(found.leader && isOlder);
}
