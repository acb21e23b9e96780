import { backoffDelay } from './backoff';
import type { Diagnosis } from '../../kernel';
import { diagnoseExit } from './diagnose';
import { beginStop, healingLaunch, startAfter } from './launching';
import type { ExitFacts, Incident, LastFailure, Run } from './state';
import type { Turn } from './turn';

/** What is known of a run that has ended. */
export interface EndedRun {
  readonly runId: string;
  /** null: its launch was never answered. */
  readonly pid: number | null;
  readonly pidBefore: number | null;
}

/** A run ended by itself, or by somebody's signal: nobody ordered it. */
export function crashed(turn: Turn, run: Run, exit: ExitFacts): void {
  const { pid } = run.process;
  ended(turn, { runId: run.runId, pid, pidBefore: pid }, exit);
}

export function ended(turn: Turn, { runId, pid, pidBefore }: EndedRun, exit: ExitFacts): void {
  const failure = diagnoseExit(exit);
  const { signal } = exit;
  turn.record('agent.exited', { pid, runId, exitCode: signal === null ? exit.exitCode : null, signal });
  // Grandchildren outlive a crashed leader; they carry its run id, the next run has another.
  turn.effect({ type: 'sweep', runId });
  const finished = failure.cause === 'clean-exit' && turn.policy.restart !== 'always';
  if (finished) finish(turn);
  else fail(turn, runId, failure, { pidBefore, alive: null });
}

/** It has done its work (`policy.restart` on-failure or never, exit 0): no failure, no message. */
function finish(turn: Turn): void {
  turn.breakOffTrial();
  turn.desire('stopped');
  turn.record('agent.terminated', { pid: null, finished: true });
  turn.update({ incident: null, phase: { kind: 'stopped', since: turn.now } });
}

/**
 * Counts a failure (at most one a generation) and decides what follows: the next restart with its back-off, or, where
 * the circuit opens, none.
 */
export function fail(
  turn: Turn,
  runId: string,
  failure: Diagnosis,
  facts: { readonly pidBefore: number | null; readonly alive: Run | null },
): void {
  openIncident(turn);
  const attempt = turn.state.incident?.attempt ?? 0;
  if (turn.state.failedRunId !== runId) count(turn, runId, failure, attempt);
  if (turn.circuit.state === 'OPEN') {
    halt(turn, failure, facts.alive);
    return;
  }
  noteFailure(turn, failure, 'restart');
  const delayMs = backoffDelay(attempt + 1, turn.policy, turn.context.random);
  turn.record('recovery.scheduled', { attempt: attempt + 1, delayMs });
  const launch = healingLaunch(failure.line, facts.pidBefore, attempt + 1);
  if (facts.alive === null) startAfter(turn, launch, delayMs, 'backing-off');
  else beginStop(turn, facts.alive, { kind: 'start', launch, delayMs });
}

function count(turn: Turn, runId: string, failure: Diagnosis, attempt: number): void {
  const never = turn.policy.restart === 'never';
  const trial = turn.circuit.state === 'HALF_OPEN';
  turn.record('recovery.diagnosed', { cause: failure.cause, line: failure.line, remedy: failure.remedy });
  if (trial || attempt > 0) turn.record('recovery.failed', { attempt, cause: failure.cause, trial });
  const restartable = failure.remedy !== 'person' && !never;
  turn.moveCircuit({ type: 'failure', restartable, trial: !never });
  turn.update({ failedRunId: runId });
}

/** OPEN means: no process, and no restart until the cool-down ends; a person is told once an incident. */
export function halt(turn: Turn, failure: Diagnosis, alive: Run | null): void {
  openIncident(turn);
  noteFailure(turn, failure, 'halt');
  const incident = turn.state.incident;
  if (incident !== null && !incident.escalated) {
    turn.update({ incident: { ...incident, escalated: true } });
    turn.record('recovery.escalated', { cause: failure.cause, line: failure.line, attempts: incident.attempt });
  }
  if (alive === null) turn.enter({ kind: 'down', since: turn.now, why: 'halted', until: null, launch: null });
  else beginStop(turn, alive, { kind: 'halted' });
}

function openIncident(turn: Turn): void {
  if (turn.state.incident !== null) return;
  const incident: Incident = { id: turn.context.newId(), openedAt: turn.context.wall, attempt: 0, escalated: false };
  turn.update({ incident });
}

function noteFailure(turn: Turn, failure: Diagnosis, action: LastFailure['action']): void {
  turn.update({
    lastFailure: {
      at: turn.context.wall,
      cause: failure.cause,
      line: failure.line,
      action,
      incidentId: turn.state.incident?.id ?? '',
    },
  });
}
