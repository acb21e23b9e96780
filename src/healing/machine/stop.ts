import { SHELL_COMMANDS, type ShellStop } from '../../processes';
import type { Draft } from './draft';
import type { Effect } from './effect';
import { haltedPhase, launchAfter } from './launch';
import type { AfterStop, DownPhase, Run, StoppedPhase } from './phase';

/** Time within which a new daemon with the same list means `pm2 update`, not `pm2 kill`. */
export const DAEMON_UPDATE_MS = 30_000;

/** Begins to kill a run. Only proof of its death ends this phase. */
export function beginStop(draft: Draft, run: Run, then: AfterStop): void {
  draft.enter({
    kind: 'stopping',
    since: draft.now,
    runId: run.runId,
    run,
    awaited: null,
    absences: 0,
    then,
    againAt: null,
  });
  draft.effect(killOf(run, then));
}

/** Returns the kill of a run. Before a restart it covers only the run, so that it cannot hit the next one. */
export function killOf(
  { runId, process }: Pick<Run, 'runId'> & { process: Run['process'] | null },
  then: AfterStop,
): Effect {
  return { type: 'kill', runId, process, scope: then.kind === 'start' ? 'run' : 'agent', isRest: false };
}

/**
 * Kills the agent's leftovers when no leader lives. A stop is complete once no process carries the agent's marker,
 * which only a kill of the whole agent proves.
 */
export function killLeftovers(draft: Draft, then: AfterStop): void {
  const { phase, now } = draft;
  const runId = phase.kind === 'stopping' ? phase.runId : (draft.state.lastRun?.runId ?? '');
  draft.enter({ kind: 'stopping', since: now, runId, run: null, awaited: null, absences: 0, then, againAt: null });
  draft.effect({ type: 'kill', runId, process: null, scope: 'agent', isRest: true });
}

/** Stops the agent once the outcome of its launch is known. Only that or snapshots prove that there is nothing to kill. */
export function stopAfterLaunch(draft: Draft, runId: string, awaited: 'pending' | 'unknown', then: AfterStop): void {
  draft.enter({
    kind: 'stopping',
    since: draft.now,
    runId,
    run: null,
    awaited,
    absences: 0,
    then,
    againAt: awaited === 'unknown' ? draft.now : null,
  });
  if (awaited === 'unknown') draft.effect({ type: 'observe', scan: true });
}

/** Continues after an awaited launch that created no process. */
export function continueWithoutRun(draft: Draft, then: AfterStop): void {
  if (then.kind === 'stopped' || then.kind === 'unregistered') killLeftovers(draft, then);
  else continueAfterStop(draft, then, null);
}

/** Continues with the next step once a run is proven dead. */
export function continueAfterStop(draft: Draft, then: AfterStop, pid: number | null): void {
  draft.answer('down', { kind: 'done' });
  switch (then.kind) {
    case 'stopped':
      draft.record('agent.terminated', then.by === undefined ? { pid } : { pid, by: then.by });
      draft.enter(stoppedPhase(draft.now, then.updateUntil ?? 0));
      return;
    case 'halted':
      draft.enter(haltedPhase(draft.now));
      return;
    case 'unregistered':
      if (pid !== null) draft.record('agent.terminated', { pid });
      draft.enter({ kind: 'stopped', since: draft.now, isProven: true });
      return unregister(draft);
    case 'start':
      launchAfter(draft, then.launch, then.delayMs, 'restart-delay');
      return;
  }
}

/**
 * Returns the phase after a stop. Until `updateUntil` the agent stays in `daemon-ended`, to kill what `pm2 update` may
 * bring back.
 */
function stoppedPhase(now: number, updateUntil: number): StoppedPhase | DownPhase {
  if (updateUntil <= now) return { kind: 'stopped', since: now, isProven: true };
  const until = Math.min(updateUntil, now + DAEMON_UPDATE_MS);
  return { kind: 'down', since: now, why: 'daemon-ended', until, launch: null };
}

/** Removes the agent from the registry in this commit. No process of it may live. */
export function unregister(draft: Draft): void {
  draft.effect({ type: 'record', event: 'agent.unregistered', data: {} });
  draft.effect({ type: 'unregister' });
}

/**
 * Accepts that the operator stopped, deleted or killed the agent in a shell. It stays stopped until the operator starts
 * it.
 */
export function acceptShellStop(draft: Draft, how: ShellStop): void {
  draft.breakOffTrial();
  if (draft.desired === 'running') draft.record('operator.stopped', { how: SHELL_COMMANDS[how] });
  draft.desire('stopped');
  if (how === 'delete') draft.update({ lastRun: null });
  draft.endIncident('closed');
  draft.enter({ kind: 'stopped', since: draft.now });
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `A ${SHELL_COMMANDS[how]} in a shell superseded this command. Start the agent again if it should run.`,
  });
  draft.answer('down', { kind: 'done' });
}
