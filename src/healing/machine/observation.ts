import type { ListedProcess, ProcessIdentity, UnlistedProcess } from '../../runtime';
import type { Observation } from './event';
import { crashed } from './failing';
import { beginLaunch, beginStop, continueAfterStop, healingLaunch, killOf } from './launching';
import { LOOK_AGAIN_MS, OPERATOR_ACTING_MS } from './outcomes';
import { runOf, type DownPhase, type Run, type StartingPhase, type StoppingPhase } from './state';
import type { Turn } from './turn';

/** Lists without the process that must agree, a second apart, before a launch that was not answered counts as undone. */
const ABSENCES_NEEDED = 2;
/** An ordered exit shows as `stopped` for a moment in a restart too; a list that began this much later can be trusted. */
const SETTLED_MS = 300;
const GHOSTS_KEPT = 8;

/** An entry behind which there is a live process. */
type LiveEntry = ListedProcess & { readonly process: NonNullable<ListedProcess['process']> };

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
      return phase.run === null ? observedStopping(turn, phase, live, observation) : undefined;
    case 'down':
      return observedDown(turn, phase, live, observation);
  }
}

function isGhost(turn: Turn, runId: string | null): boolean {
  return runId !== null && turn.state.ghosts.includes(runId);
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

function isSameProcess(one: ProcessIdentity | null, other: ProcessIdentity | null): boolean {
  return one !== null && one.pid === other?.pid && one.startTime === other.startTime;
}

function isSame(run: Run, seen: { readonly process: ProcessIdentity | null }): boolean {
  return isSameProcess(run.process, seen.process);
}

function isSameDaemon(run: Run, observation: Observation): boolean {
  return isSameProcess(run.daemon, observation.daemon);
}

function observedStopped(turn: Turn, live: readonly LiveEntry[], observation: Observation): void {
  const [entry] = live;
  if (entry === undefined) {
    if (turn.desired === 'running') beginLaunch(turn, healingLaunch('should run and does not', null, null));
    return;
  }
  const last = turn.state.lastRun;
  if (last !== null && isSame(last, entry)) beginStop(turn, last, { kind: 'stopped' });
  else adopt(turn, live, observation);
}

function observedStarting(
  turn: Turn,
  phase: StartingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  if (live.length > 0) {
    const launch = phase.launch;
    const mine = live.filter((entry) => entry.runId === launch.runId);
    adopt(turn, mine.length > 0 ? mine : live, observation);
    turn.answer('up', { kind: 'done' });
    return;
  }
  const isListed = observation.listed.length > 0;
  if (!isListed && isSameProcess(phase.listedUnder, observation.daemon)) return stoppedInShell(turn, 'pm2 delete');
  const absences = phase.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    const listedUnder = isListed ? observation.daemon : phase.listedUnder;
    turn.enter({ ...phase, since: observation.beganAt, absences, listedUnder, lookAt: turn.now + LOOK_AGAIN_MS });
    return;
  }
  giveUp(turn, phase.launch.runId);
  turn.answer('up', {
    kind: 'refused',
    code: 'process-manager-unavailable',
    detail: 'PM2 did not answer the launch, and lists show that it did not happen. It is tried again.',
  });
  beginLaunch(turn, { ...phase.launch, fallback: null });
}

function giveUp(turn: Turn, runId: string): void {
  turn.update({ ghosts: [...turn.state.ghosts, runId].slice(-GHOSTS_KEPT) });
}

function observedUp(turn: Turn, run: Run, live: readonly LiveEntry[], observation: Observation): void {
  const own = live.find((entry) => isSame(run, entry));
  if (own !== undefined) {
    for (const other of live) if (other !== own) endDouble(turn, other);
    if (observation.boot) confirm(turn, run, own, observation);
    return;
  }
  if (live.length > 0) return adopt(turn, live, observation);
  const entry = observation.listed.find((each) => each.pmId === run.pmId || each.runId === run.runId);
  if (entry === undefined) return missing(turn, run, observation);
  // The daemon has not noticed its death yet: its word follows, or the next list shows it.
  if (entry.state === 'online' || entry.state === 'launching' || entry.state === 'stopping') return;
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
  turn.enter(settled ? { ...phase, run: known } : { kind: 'verifying', since: turn.now, run: known, launch });
}

/** It stands in no entry of the list any more. */
function missing(turn: Turn, run: Run, observation: Observation): void {
  const orphan = observation.unlisted.find((found) => isSame(run, found));
  if (isSameDaemon(run, observation)) {
    turn.desire('stopped');
    turn.record('operator.stopped', { how: 'pm2 delete' });
    turn.update({ incident: null });
    if (orphan === undefined) {
      turn.update({ lastRun: null });
      turn.enter({ kind: 'stopped', since: turn.now });
    } else beginStop(turn, run, { kind: 'stopped' });
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

/** Lost through no fault of its own: started again, and no failure counted. */
function bringBack(turn: Turn, run: Run, reason: string): void {
  turn.update({ lastRun: null });
  beginLaunch(turn, healingLaunch(reason, run.process.pid, null));
}

function observedStopping(
  turn: Turn,
  phase: StoppingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const entry = live.find((each) => each.runId === phase.runId);
  if (entry !== undefined) {
    const run = toRun(turn, entry, turn.state.lastRun?.daemon ?? { pid: 0, startTime: null });
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
    turn.enter({ ...phase, absences, againAt: turn.now + LOOK_AGAIN_MS });
    return;
  }
  // A run that did live and has ended is no ghost: a start of its entry in a shell, which keeps its id, is a person's.
  if (phase.runId !== turn.state.lastRun?.runId) giveUp(turn, phase.runId);
  continueAfterStop(turn, phase.then, null);
}

function observedDown(turn: Turn, phase: DownPhase, live: readonly LiveEntry[], observation: Observation): void {
  const [entry] = live;
  if (entry !== undefined) {
    if (turn.desired === 'running') adopt(turn, live, observation);
    else beginStop(turn, toRun(turn, entry, observation.daemon), { kind: 'stopped' });
    return;
  }
  const last = turn.state.lastRun;
  if (last === null) return;
  if (observation.listed.length === 0) {
    if (!isSameDaemon(last, observation)) {
      if (phase.why === 'operator-acting') bringBack(turn, last, "PM2's daemon was lost");
    } else if (phase.why !== 'daemon-ended') stoppedInShell(turn, 'pm2 delete');
    return;
  }
  const cameBack = !isSameDaemon(last, observation) && observation.listed.some(({ runId }) => runId === last.runId);
  if (phase.why === 'daemon-ended' && turn.desired === 'running' && cameBack) {
    // `pm2 update` had brought it back, and it has ended since.
    return crashed(turn, last, { exitCode: null, signal: null });
  }
  if (phase.why !== 'operator-acting') return;
  if (observation.beganAt >= phase.since + SETTLED_MS) stoppedInShell(turn, 'pm2 stop');
  else turn.enter({ ...phase, until: Math.min(phase.until ?? Infinity, turn.now + OPERATOR_ACTING_MS / 2) });
}

function stoppedInShell(turn: Turn, how: 'pm2 stop' | 'pm2 delete'): void {
  if (turn.circuit.state === 'HALF_OPEN') turn.moveCircuit({ type: 'trial-ended', retry: 'now' });
  turn.desire('stopped');
  turn.record('operator.stopped', { how });
  if (how === 'pm2 delete') turn.update({ lastRun: null });
  turn.update({ incident: null, phase: { kind: 'stopped', since: turn.now } });
  turn.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `A ${how} in a shell overtook it. Start it again if it should run.`,
  });
  turn.answer('down', { kind: 'done' });
}

/**
 * Takes a live entry for the agent's run. One that keeps a run id we know, or none of ours, was started in the
 * operator's shell; a run id of ours that was not saved yet is our own launch. Of several, the youngest; the others end.
 */
function adopt(turn: Turn, live: readonly LiveEntry[], observation: Observation): void {
  const [entry, ...others] = [...live].sort((left, right) => right.upSince - left.upSince);
  if (entry === undefined) return;
  for (const other of others) endDouble(turn, other);
  const last = turn.state.lastRun;
  const starting = turn.phase.kind === 'starting' ? turn.phase.launch : null;
  const byOperator = entry.runId === null || (last !== null && entry.runId === last.runId && !isSame(last, entry));
  if (turn.circuit.state === 'OPEN') turn.moveCircuit({ type: 'trial', by: byOperator ? 'operator' : 'healing' });
  const run = toRun(turn, entry, observation.daemon);
  turn.desire('running');
  turn.record(byOperator ? 'operator.restarted' : 'agent.adopted', { pid: run.process.pid, runId: run.runId });
  const launch = starting?.runId === run.runId ? starting : null;
  if (byOperator) turn.update({ startAskedAt: turn.now - Math.max(0, turn.context.wall - run.upSince) });
  turn.update({ lastRun: run, failedRunId: null, phase: { kind: 'verifying', since: turn.now, run, launch } });
}

function endDouble(turn: Turn, entry: LiveEntry): void {
  turn.effect({ type: 'end-process', process: entry.process, runId: entry.runId, why: 'double' });
}

function toRun(turn: Turn, entry: LiveEntry, daemon: Run['daemon']): Run {
  return {
    runId: entry.runId ?? turn.context.newId(),
    process: entry.process,
    pmId: entry.pmId,
    upSince: entry.upSince,
    launchedAt: turn.now,
    daemon: { pid: daemon.pid, startTime: daemon.startTime },
  };
}
