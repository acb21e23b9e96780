import type { Observation } from './event';
import { isSame, startedAt, toRun, type LiveEntry } from './listing';
import { noteLaunched, verifyingPhase } from './launching';
import type { Turn } from './turn';

/**
 * Takes a live entry for the agent's run. One that keeps a run id we know, or none of ours, was started in the
 * operator's shell; a run id of ours that was not saved yet is our own launch. Of several, the youngest; the others end.
 */
export function adopt(turn: Turn, live: readonly LiveEntry[], observation: Observation): void {
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
  if (launch !== null) noteLaunched(turn, launch, run.process.pid);
  if (byOperator) turn.update({ startAskedAt: startedAt(turn, entry) });
  turn.update({ lastRun: run, failedRunId: null, phase: verifyingPhase(turn, run, launch) });
}

export function endDouble(turn: Turn, entry: LiveEntry): void {
  turn.effect({ type: 'end-process', process: entry.process, runId: entry.runId, why: 'double' });
}
