import type { ListedProcess, ProcessIdentity } from '../../../processes';
import type { Draft } from '../draft';
import type { Observation } from '../event';
import { beginLaunch, planHealingLaunch, recordLaunched, verifyingPhase } from '../launch';
import type { LaunchFacts, Run } from '../phase';

/** Entry with a live process. */
export type LiveEntry = ListedProcess & { readonly process: NonNullable<ListedProcess['process']> };

/**
 * Adopts the youngest live entry as the agent's run and kills the others. The operator started an entry that has no run
 * id, or that has the last run's id in another process (`pm2 restart` keeps the environment). The supervisor launched
 * any other entry, although that launch may not have been saved.
 */
export function adopt(draft: Draft, live: readonly LiveEntry[], observation: Observation): void {
  const [entry, ...others] = [...live].sort((left, right) => right.upSince - left.upSince);
  if (entry === undefined) return;
  for (const other of others) reapDuplicate(draft, other);
  const last = draft.state.lastRun;
  const starting = draft.phase.kind === 'starting' ? draft.phase.launch : null;
  const byOperator = entry.runId === null || (last !== null && entry.runId === last.runId && !isProcessOf(last, entry));
  if (draft.circuit.state === 'OPEN') draft.moveCircuit({ type: 'trial', by: byOperator ? 'operator' : 'healing' });
  const run = toRun(draft, entry, observation.daemon);
  draft.desire('running');
  draft.record(byOperator ? 'operator.restarted' : 'agent.adopted', { pid: run.process.pid, runId: run.runId });
  const launch = starting?.runId === run.runId ? starting : null;
  if (launch !== null) recordLaunched(draft, launch, run.process.pid);
  if (byOperator) draft.update({ startAskedAt: startTimeOf(draft, entry), previousCause: null, onDemand: false });
  draft.update({ lastRun: run, unanswered: null, failedRunId: null, phase: verifyingPhase(draft, run, launch) });
}

export function reapDuplicate(draft: Draft, entry: LiveEntry): void {
  draft.effect({ type: 'end-process', process: entry.process, runId: entry.runId, why: 'double' });
}

/** Launches an agent that was lost through no fault of its own. No failure is counted. */
export function relaunchLost(draft: Draft, run: Run, reason: string): void {
  draft.update({ lastRun: null });
  beginLaunch(draft, planHealingLaunch(reason, run.process.pid, null));
}

export function toRun(draft: Draft, entry: LiveEntry, daemon: Run['daemon']): Run {
  return {
    runId: entry.runId ?? draft.context.newId(),
    process: entry.process,
    entryId: entry.entryId,
    uniqueId: entry.uniqueId,
    upSince: entry.upSince,
    launchedAt: draft.now,
    ...launchFactsOf(draft, entry),
    daemon: { pid: daemon.pid, startTime: daemon.startTime },
  };
}

const UNKNOWN_LAUNCH: LaunchFacts = { log: null, program: null, fingerprint: null };

/** Returns what is known of the launch of an entry's process. */
function launchFactsOf({ phase, state, context }: Draft, { runId }: LiveEntry): LaunchFacts {
  // `pm2 restart` keeps the program and the environment, and with it the run id.
  const known = [state.unanswered, state.lastRun].find((each) => each?.runId === runId) ?? UNKNOWN_LAUNCH;
  const isAwaited = phase.kind === 'starting' && phase.launch.runId === runId;
  // The log mark belongs to the launch's first process. Of a later incarnation, only output after the end is its own.
  const log = (isAwaited ? known.log : null) ?? context.logEnd;
  return { log, program: known.program, fingerprint: known.fingerprint };
}

/** Returns when an entry's process started, on the scale of `Clock.now()`. */
export function startTimeOf(draft: Draft, entry: LiveEntry): number {
  return Math.min(draft.now, draft.context.at(entry.upSince));
}

export function isGhost(draft: Draft, runId: string | null): boolean {
  return runId !== null && draft.state.ghosts.includes(runId);
}

export function isSameProcess(one: ProcessIdentity | null, other: ProcessIdentity | null): boolean {
  return one !== null && one.pid === other?.pid && one.startTime === other.startTime;
}

export function isProcessOf(run: Run, seen: { readonly process: ProcessIdentity | null }): boolean {
  return isSameProcess(run.process, seen.process);
}

export function isSameDaemon(run: Run, observation: Observation): boolean {
  return isSameProcess(run.daemon, observation.daemon);
}

/**
 * Returns true if the entry is the run's. The run id decides; `pm2 update` changes the entry's number and unique id.
 * Under the same daemon an entry of a later launch is its successor: the supervisor was killed before it saved that
 * launch.
 */
export function isEntryOf(run: Run, entry: ListedProcess, observation: Observation): boolean {
  if (entry.runId === run.runId) return true;
  if (!isSameDaemon(run, observation)) return false;
  return entry.runId !== null || (entry.entryId === run.entryId && entry.uniqueId === run.uniqueId);
}
