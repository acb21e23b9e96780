import type { Diagnosis } from '../../kernel';
import type { JsonValue } from '../../events';
import type { Draft } from './draft';
import { adviseOnRestart, countFailure, decideRestart, EXTERNAL_CAUSES } from './failure-policy';
import { beginLaunch, haltedPhase, launchAfter, planHealingLaunch } from './launch';
import type { ExitFacts, Run } from './phase';
import type { Incident, LastFailure } from './state';
import { beginStop } from './stop';

/** Facts about a failure, besides its diagnosis. */
export interface FailureFacts {
  readonly runId: string;
  readonly pidBefore: number | null;
  /** The failed run if it lives, so that it must be killed; null: it is dead. */
  readonly alive: Run | null;
  /** The exit; null: the failure is of health or of a launch. */
  readonly exit: ExitFacts | null;
}

/**
 * Counts a failure (at most one per generation) and applies what the policy decides: a restart after its back-off, or a
 * halt if the circuit opens.
 */
export function fail(draft: Draft, diagnosis: Diagnosis, { runId, pidBefore, alive, exit }: FailureFacts): void {
  if (draft.isPaused) return failWhilePaused(draft, diagnosis, pidBefore);
  openIncident(draft);
  const attempts = draft.state.incident?.attempt ?? 0;
  if (draft.state.failedRunId !== runId) count(draft, runId, diagnosis, attempts);
  if (draft.circuit.state === 'OPEN') {
    halt(draft, diagnosis, alive);
    return;
  }
  noteFailure(draft, diagnosis, 'restart');
  const failure = { diagnosis, attempts, isAlive: alive !== null, exit };
  const { attempt, delayMs, why, afterSweeps, isEscalated } = decideRestart(
    failure,
    draft.policy,
    draft.context.random,
  );
  if (isEscalated) escalate(draft, diagnosis, true);
  draft.record('recovery.scheduled', { attempt, delayMs });
  const launch = { ...planHealingLaunch(why, pidBefore, attempt, diagnosis), afterSweeps };
  if (alive !== null) beginStop(draft, alive, { kind: 'start', launch, delayMs });
  else launchAfter(draft, launch, delayMs, 'backing-off');
}

/** Records the failure without counting it. Healing launches the agent when the pause ends. */
function failWhilePaused(draft: Draft, diagnosis: Diagnosis, pidBefore: number | null): void {
  recordDiagnosed(draft, diagnosis, { paused: true });
  beginLaunch(draft, planHealingLaunch(diagnosis.line, pidBefore, null, diagnosis));
}

function count(draft: Draft, runId: string, diagnosis: Diagnosis, attempt: number): void {
  const isTrial = draft.circuit.state === 'HALF_OPEN';
  const { cause, exitCode, signal } = diagnosis;
  const evidence = diagnosis.evidence.map(({ source, detail }) => ({ source, detail }));
  recordDiagnosed(draft, diagnosis, { evidence, exitCode, signal });
  if (isTrial || attempt > 0) draft.record('recovery.failed', { attempt, cause, trial: isTrial });
  const counted = countFailure(diagnosis, draft.policy, draft.state.previousCause);
  draft.update({ failedRunId: runId, previousCause: cause });
  if (counted !== null) draft.moveCircuit(counted);
  else if (isTrial) draft.moveCircuit({ type: 'trial-ended', retry: 'cooldown' });
  noteDiagnosis(draft, draft.circuit.state === 'OPEN' ? diagnosis : adviseOnRestart(diagnosis));
}

/** Halts the agent: no process, and no restart until the cool-down ends. Escalates once per incident. */
export function halt(draft: Draft, diagnosis: Diagnosis, alive: Run | null): void {
  openIncident(draft);
  noteFailure(draft, diagnosis, 'halt');
  escalate(draft, diagnosis, false);
  if (alive === null) draft.enter(haltedPhase(draft.now));
  else beginStop(draft, alive, { kind: 'halted' });
}

/** Escalates the incident, at most once. */
export function escalate(draft: Draft, diagnosis: Diagnosis, goesOn: boolean): void {
  const incident = draft.state.incident;
  if (incident === null || incident.escalated) return;
  draft.update({ incident: { ...incident, escalated: true } });
  const { cause, line } = diagnosis;
  draft.record('recovery.escalated', { cause, line, attempts: incident.attempt });
  // One notification of the fleet incident covers all agents with an external cause.
  if (draft.policy.isFleetIncident && EXTERNAL_CAUSES.has(cause)) return;
  const { reminderMs } = draft.policy;
  const facts = { diagnosis, attempts: incident.attempt, goesOn, trialAt: draft.circuit.dueAt, reminderMs };
  draft.effect({ type: 'notify', incidentId: incident.id, news: { kind: 'escalated', ...facts } });
}

/** Records a diagnosis in the history. @param details facts besides the cause */
export function recordDiagnosed(
  draft: Draft,
  { cause, line, remedy, certainty, rule }: Diagnosis,
  details: Readonly<Record<string, JsonValue>> = {},
): void {
  draft.record('recovery.diagnosed', { cause, line, remedy, certainty, rule, ...details });
}

export function noteDiagnosis(draft: Draft, diagnosis: Diagnosis): void {
  const incidentId = draft.state.incident?.id ?? '';
  draft.update({ diagnosis: { diagnosis, incidentId, at: draft.context.wall } });
}

export function openIncident(draft: Draft): void {
  if (draft.state.incident !== null) return;
  const incident: Incident = { id: draft.context.newId(), openedAt: draft.context.wall, attempt: 0, escalated: false };
  draft.update({ incident });
}

export function noteFailure(draft: Draft, { cause, line }: Diagnosis, action: LastFailure['action']): void {
  const incidentId = draft.state.incident?.id ?? '';
  draft.update({ lastFailure: { at: draft.context.wall, cause, line, action, incidentId } });
}
