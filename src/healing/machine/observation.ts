import type { UnlistedProcess } from '../../runtime';
import { adopt, endDouble } from './adoption';
import type { Observation } from './event';
import { crashed } from './failing';
import { beginLaunch, beginStop, healingLaunch, verifyingPhase } from './launching';
import { isGhost, isSame, isSameDaemon, startedAt, toRun, type LiveEntry } from './listing';
import { bringBack, observedDown } from './observed-down';
import { observedStarting } from './observed-starting';
import { awaitOperator } from './outcomes';
import { observedStopping, observedStoppingAtBoot } from './observed-stopping';
import { runOf, type Run } from './state';
import { stoppedInShell } from './stopped-in-shell';
import type { Turn } from './turn';

/**
 * Compares what a list showed with what should be, and acts on the difference: adopts, ends what must not live, starts
 * what is lost, and takes a stop in the operator's shell for what it is. The tables are in `DECISIONS.md`.
 */
export function observed(turn: Turn, observation: Observation): void {
  // A list that began before the present phase shows the world before it.
  if (observation.beganAt <= turn.phase.since) return;
  endWhatMustNotLive(turn, observation);
  const live = observation.listed.filter(
    (entry): entry is LiveEntry => entry.process !== null && !isGhost(turn, entry.runId),
  );
  const phase = turn.phase;
  switch (phase.kind) {
    case 'stopped':
      return observedStopped(turn, live, observation);
    case 'starting':
      return phase.outcome === 'unknown' ? observedStarting(turn, phase, live, observation) : undefined;
    case 'verifying':
    case 'running':
      return observedUp(turn, phase.run, live, observation);
    case 'stopping':
      if (phase.run === null) observedStopping(turn, phase, live, observation);
      else if (observation.boot) observedStoppingAtBoot(turn, phase, phase.run, live, observation);
      return;
    case 'down':
      return observedDown(turn, phase, live, observation);
  }
}

/** Ghosts, orphans of other generations, and second holders of the present run. */
function endWhatMustNotLive(turn: Turn, observation: Observation): void {
  for (const entry of observation.listed) {
    if (!isGhost(turn, entry.runId)) continue;
    if (entry.process === null) {
      // It has ended: from here on a start of this entry in a shell is the operator's will.
      turn.update({ ghosts: turn.state.ghosts.filter((ghost) => ghost !== entry.runId) });
    } else turn.effect({ type: 'end-process', process: entry.process, runId: entry.runId, why: 'given-up' });
  }
  for (const found of observation.unlisted) {
    if (!mayLive(turn, found, observation)) {
      const why = found.leader ? 'orphan' : 'descendant';
      turn.effect({ type: 'end-process', process: found.process, runId: found.runId, why });
    }
  }
}

function mayLive(turn: Turn, found: UnlistedProcess, observation: Observation): boolean {
  if (found.isNew) return true; // the operator, or PM2, is just starting it
  const phase = turn.phase;
  if (phase.kind === 'starting') return phase.outcome === 'pending' && found.runId === phase.launch.runId;
  if (phase.kind === 'stopping' && phase.runId === found.runId) return true; // its kill is under way
  const run = runOf(phase);
  if (run?.runId !== found.runId) return false;
  if (isSame(run, found)) return true; // what becomes of the run itself is decided with the phase
  const listed = observation.listed.some((entry) => entry.process !== null && entry.runId === run.runId);
  // What our run started by itself is younger than it; an older holder of its id is a second one, from an old daemon.
  const older = (found.process.startTime ?? 0) < (run.process.startTime ?? 0);
  return listed && !(found.leader && older);
}

function observedStopped(turn: Turn, live: readonly LiveEntry[], observation: Observation): void {
  const last = turn.state.lastRun;
  // What was started after the stop was started by the operator; what was there before it should have ended.
  const isNewer = (entry: LiveEntry) =>
    (last === null || !isSame(last, entry)) && startedAt(turn, entry) > turn.state.stopAskedAt;
  const newer = live.filter(isNewer);
  const [left] = live.filter((entry) => !isNewer(entry));
  if (newer.length > 0) {
    for (const entry of live) if (!newer.includes(entry)) endDouble(turn, entry);
    adopt(turn, newer, observation);
  } else if (left !== undefined) beginStop(turn, toRun(turn, left, observation.daemon), { kind: 'stopped' });
  else if (turn.desired === 'running') beginLaunch(turn, healingLaunch('should run and does not', null, null));
}

function observedUp(turn: Turn, run: Run, live: readonly LiveEntry[], observation: Observation): void {
  const own = live.find((entry) => isSame(run, entry));
  if (own !== undefined) {
    for (const other of live) if (other !== own) endDouble(turn, other);
    // What is left of a double would be started by the next `pm2 start` of that name, beside the one that runs.
    for (const { pmId, process, state } of observation.listed)
      if (process === null && pmId !== own.pmId && (state === 'stopped' || state === 'errored'))
        turn.effect({ type: 'forget', pmId });
    if (observation.boot) confirm(turn, run, own, observation);
    return;
  }
  if (live.length > 0) {
    const left = observation.unlisted.find((found) => isSame(run, found));
    if (left !== undefined)
      turn.effect({ type: 'end-process', process: left.process, runId: left.runId, why: 'orphan' });
    return adopt(turn, live, observation);
  }
  const entry = observation.listed.find((each) => each.pmId === run.pmId || each.runId === run.runId);
  if (entry === undefined) return missing(turn, run, observation);
  // The daemon has not noticed its death yet: its word follows, or the next list shows it.
  if (entry.state === 'online' || entry.state === 'launching' || entry.state === 'stopping') return;
  // While nobody listened somebody stopped it in a shell, or is restarting it: the next list tells which.
  if (entry.wasEndOrdered) return awaitOperator(turn, run.process.pid, run.runId);
  // Whether its end was ordered, only a scan looks up: a stop in a shell, whose word was missed, is no crash.
  if (!observation.scanned) {
    turn.effect({ type: 'observe', scan: true });
    return;
  }
  crashed(turn, run, { exitCode: null, signal: null });
}

/** At boot: the same process is alive. Where its window was not over, it begins again. */
function confirm(turn: Turn, run: Run, entry: LiveEntry, observation: Observation): void {
  const phase = turn.phase;
  const known: Run = { ...run, pmId: entry.pmId, upSince: entry.upSince, daemon: observation.daemon };
  turn.update({ lastRun: known });
  turn.record('agent.adopted', { pid: run.process.pid, runId: run.runId });
  const settled = phase.kind === 'running' && phase.stable;
  const launch = phase.kind === 'verifying' ? phase.launch : null;
  turn.enter(settled ? { ...phase, run: known } : verifyingPhase(turn, known, launch));
}

/** It stands in no entry of the list any more. */
function missing(turn: Turn, run: Run, observation: Observation): void {
  const orphan = observation.unlisted.find((found) => isSame(run, found));
  if (isSameDaemon(run, observation)) {
    stoppedInShell(turn, 'pm2 delete');
    if (orphan !== undefined) beginStop(turn, run, { kind: 'stopped' });
    return;
  }
  if (!observation.scanned) {
    turn.effect({ type: 'observe', scan: true });
    return;
  }
  if (orphan === undefined) return bringBack(turn, run, "PM2's daemon was lost");
  turn.record('agent.orphan-reaped', { pid: run.process.pid, runId: run.runId });
  const launch = healingLaunch("PM2's daemon was lost", run.process.pid, null);
  beginStop(turn, run, { kind: 'start', launch, delayMs: 0 });
}
