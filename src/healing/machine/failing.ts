import { backoffDelay, waitDelay } from './backoff';
import type { Diagnosis } from '../../kernel';
import { diagnoseExit } from './diagnose';
import { isOutside } from './fleet';
import { beginLaunch, beginStop, healingLaunch, startAfter } from './launching';
import type { ExitFacts, Incident, LastFailure, Run } from './state';
import type { Turn } from './turn';

/** While many fail by one cause, restarts are spread over this long. */
const FLEET_SPREAD_MS = 60_000;

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
  const failure = turn.context.diagnosis ?? diagnoseExit(exit);
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
  turn.endIncident('closed');
  turn.enter({ kind: 'stopped', since: turn.now });
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
  if (turn.isPaused) return failWhilePaused(turn, failure, facts.pidBefore);
  openIncident(turn);
  const attempt = turn.state.incident?.attempt ?? 0;
  if (turn.state.failedRunId !== runId) count(turn, runId, failure, attempt);
  if (turn.circuit.state === 'OPEN') {
    halt(turn, failure, facts.alive);
    return;
  }
  noteFailure(turn, failure, 'restart');
  if (failure.remedy === 'wait' && attempt + 1 >= turn.policy.circuit.failureThreshold) escalate(turn, failure, true);
  const delayMs = delayBefore(turn, attempt + 1, failure, facts.alive);
  turn.record('recovery.scheduled', { attempt: attempt + 1, delayMs });
  // What an earlier run left behind may be what holds the port: it ends before the next try.
  const afterSweeps = failure.cause === 'port-in-use';
  const launch = { ...healingLaunch(failure.line, facts.pidBefore, attempt + 1), afterSweeps };
  if (facts.alive !== null) beginStop(turn, facts.alive, { kind: 'start', launch, delayMs });
  else startAfter(turn, launch, delayMs, 'backing-off');
}

/** Recorded only; when the pause is over, healing takes over. */
function failWhilePaused(turn: Turn, failure: Diagnosis, pidBefore: number | null): void {
  const { cause, line, remedy } = failure;
  turn.record('recovery.diagnosed', { cause, line, remedy, paused: true });
  beginLaunch(turn, healingLaunch(failure.line, pidBefore, null));
}

function delayBefore(turn: Turn, n: number, failure: Diagnosis, alive: Run | null): number {
  const { policy, context } = turn;
  const delayMs =
    failure.remedy === 'wait' ? waitDelay(n, policy, context.random) : backoffDelay(n, policy, context.random);
  // Many fell at once: they must not come back at once.
  const spreadMs = policy.isFleetIncident && alive === null ? context.random() * FLEET_SPREAD_MS : 0;
  return Math.round(delayMs + spreadMs);
}

function count(turn: Turn, runId: string, failure: Diagnosis, attempt: number): void {
  const never = turn.policy.restart === 'never';
  const trial = turn.circuit.state === 'HALF_OPEN';
  const { cause, line, remedy, evidence, exitCode, signal } = failure;
  const found = evidence.map(({ source, detail }) => ({ source, detail }));
  turn.record('recovery.diagnosed', { cause, line, remedy, evidence: found, exitCode, signal });
  if (trial || attempt > 0) turn.record('recovery.failed', { attempt, cause, trial });
  turn.update({ failedRunId: runId });
  noteDiagnosis(turn, failure);
  if (remedy === 'wait' && !never) {
    // The cause lies outside of it: nothing is counted.
    if (trial) turn.moveCircuit({ type: 'trial-ended', retry: 'cooldown' });
    return;
  }
  // More tokens would be spent by a trial too.
  const mayTrial = !never && cause !== 'over-budget';
  turn.moveCircuit({ type: 'failure', restartable: remedy !== 'person' && !never, trial: mayTrial });
}

/** OPEN means: no process, and no restart until the cool-down ends; a person is told once an incident. */
export function halt(turn: Turn, failure: Diagnosis, alive: Run | null): void {
  openIncident(turn);
  noteFailure(turn, failure, 'halt');
  escalate(turn, failure, false);
  if (alive === null) turn.enter({ kind: 'down', since: turn.now, why: 'halted', until: null, launch: null });
  else beginStop(turn, alive, { kind: 'halted' });
}

/** Once an incident. */
export function escalate(turn: Turn, diagnosis: Diagnosis, goesOn: boolean): void {
  const incident = turn.state.incident;
  if (incident === null || incident.escalated) return;
  turn.update({ incident: { ...incident, escalated: true } });
  const { cause, line } = diagnosis;
  turn.record('recovery.escalated', { cause, line, attempts: incident.attempt });
  // Many fail by one cause that lies outside: of that one message tells.
  if (turn.policy.isFleetIncident && isOutside(cause)) return;
  const { reminderMs } = turn.policy;
  const facts = { diagnosis, attempts: incident.attempt, goesOn, trialAt: turn.circuit.dueAt, reminderMs };
  turn.effect({ type: 'notify', incidentId: incident.id, news: { kind: 'escalated', ...facts } });
}

export function noteDiagnosis(turn: Turn, diagnosis: Diagnosis): void {
  const incidentId = turn.state.incident?.id ?? '';
  turn.update({ diagnosis: { diagnosis, incidentId, at: turn.context.wall } });
}

export function openIncident(turn: Turn): void {
  if (turn.state.incident !== null) return;
  const incident: Incident = { id: turn.context.newId(), openedAt: turn.context.wall, attempt: 0, escalated: false };
  turn.update({ incident });
}

export function noteFailure(turn: Turn, failure: Diagnosis, action: LastFailure['action']): void {
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
