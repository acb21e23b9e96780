import { diagnosisOf, type Diagnosis } from '../../kernel';
import type { MachineEvent } from './event';
import { fail } from './failing';
import { incarnationOf, type Checked, type RunningPhase, type VerifyingPhase } from './state';
import { becomeStable } from './stable';
import type { Turn } from './turn';

type CheckedEvent = Extract<MachineEvent, { type: 'checked' }>;
type UpPhase = VerifyingPhase | RunningPhase;

/** What a check says of a process that is up; of any other process, or of none, it says nothing. */
export function checked(turn: Turn, event: CheckedEvent): void {
  const phase = turn.phase;
  if (phase.kind !== 'verifying' && phase.kind !== 'running') return;
  if (incarnationOf(phase.run) !== event.incarnation) return;
  noteCheck(turn, phase, event);
  if (event.failing === null) noteHealthy(turn, phase, event);
  else failing(turn, phase, event.failing, event.mayAct);
}

/** Keeps what matters for the window that is open; nothing changes for one that has been stable. */
function noteCheck(turn: Turn, phase: UpPhase, { problem, withinGrace }: CheckedEvent): void {
  if (phase.kind === 'running' && phase.stable) return;
  const next = afterCheck(phase.checked, problem, withinGrace, turn.now);
  if (next === phase.checked) return;
  turn.enter({ ...phase, checked: next });
  if (phase.kind === 'running') becomeStable(turn);
}

function afterCheck(before: Checked, problem: CheckedEvent['problem'], withinGrace: boolean, now: number): Checked {
  if (problem === null) return before.kind === 'good' ? before : { kind: 'good', since: now };
  if (before.kind === 'awaited' || withinGrace) {
    const isNews = before.kind !== 'awaited' || before.problem?.line !== problem.line;
    return isNews ? { kind: 'awaited', problem: { cause: problem.cause, line: problem.line } } : before;
  }
  return before.kind === 'failed' ? before : { kind: 'failed' };
}

function noteHealthy(turn: Turn, phase: UpPhase, { incarnation, problem }: CheckedEvent): void {
  if (turn.state.unhealthy?.incarnation !== incarnation || problem !== null) return;
  turn.record('agent.healthy', { pid: phase.run.process.pid });
  turn.update({ unhealthy: null });
}

function failing(turn: Turn, phase: UpPhase, diagnosis: Diagnosis, mayAct: boolean): void {
  const { run } = phase;
  const incarnation = incarnationOf(run);
  if (turn.state.unhealthy?.incarnation !== incarnation) {
    const { cause, line } = diagnosis;
    turn.record('agent.unhealthy', { pid: run.process.pid, runId: run.runId, cause, line });
    turn.update({ unhealthy: { incarnation, cause } });
  }
  // Over budget it must not go on spending, whoever else fails.
  const isOverBudget = diagnosis.cause === 'over-budget';
  if (turn.isPaused || (!isOverBudget && (!mayAct || turn.policy.restart === 'never'))) return;
  fail(turn, run.runId, diagnosis, { pidBefore: run.process.pid, alive: run });
}

/** No good check came within the time that a start may take. */
export function neverBecameHealthy(turn: Turn, phase: VerifyingPhase): void {
  const { run, checked: seen } = phase;
  const problem = seen.kind === 'awaited' ? seen.problem : null;
  // No check has ended yet, or none of them counts: nothing is known against it.
  if (problem === null) {
    turn.enter({ ...phase, since: turn.now });
    return;
  }
  const seconds = Math.round(turn.policy.graceMs / 1_000);
  const line = `no good check within ${seconds} s of its start: ${problem.line}`;
  failing(turn, phase, diagnosisOf(problem.cause, line), !turn.policy.isFleetIncident);
  // Where nothing is done about it, its checks are waited for.
  if (turn.phase.kind === 'verifying' && turn.phase.run === run) turn.enter({ ...phase, checked: { kind: 'failed' } });
}
