import { diagnosisOf, type Diagnosis } from '../../kernel';
import type { Draft } from './draft';
import type { EventOf } from './event';
import { fail } from './failures';
import { isSpared } from './failure-policy';
import type { CheckHistory, RunningPhase, VerifyingPhase } from './phase';
import type { HealingPolicy } from './policy';
import { incarnationOf, NOT_CHECKED } from './state';

type CheckedEvent = EventOf<'checked'>;
type UpPhase = VerifyingPhase | RunningPhase;

/** Misconfigured checks in a row after which the operator is notified. */
const CHECKS_A_NOTIFICATION = 3;

/** Handles a check result. Ignores it unless it concerns the incarnation that is up. */
export function onChecked(draft: Draft, event: CheckedEvent): void {
  const phase = draft.phase;
  if (phase.kind !== 'verifying' && phase.kind !== 'running') return;
  if (incarnationOf(phase.run) !== event.incarnation) return;
  noteMisconfigured(draft, event);
  noteCheck(draft, phase, event);
  if (event.failing === null) recordHealthy(draft, phase, event);
  else onFailingVerdict(draft, phase, event.failing, event.mayAct);
}

/**
 * Counts misconfigured checks in a row and notifies the operator once. It notifies again only after a good check, or
 * after the check's settings changed. Misconfigured checks have no other consequence.
 */
export function noteMisconfigured(draft: Draft, { misconfigured, problem, isExcused }: CheckedEvent): void {
  if (isExcused === true) return;
  const before = draft.state.misconfigured;
  if (misconfigured === undefined) {
    // A failed check interrupts the series, but only a good check proves that the settings are right.
    const isOver = problem === null || (before !== null && before.count < CHECKS_A_NOTIFICATION);
    if (isOver && before !== null) draft.update({ misconfigured: null });
    return;
  }
  if (draft.isPaused) return;
  const { setup, line, advice } = misconfigured;
  const known = before?.setup === setup ? before.count : 0;
  if (known >= CHECKS_A_NOTIFICATION) return;
  draft.update({ misconfigured: { setup, count: known + 1 } });
  if (known + 1 < CHECKS_A_NOTIFICATION) return;
  const news = { kind: 'check-misconfigured', line, advice } as const;
  draft.effect({ type: 'notify', incidentId: draft.context.newId(), news });
}

/**
 * Updates the check history of the open verification or stability window; a stable run keeps none. A misconfigured
 * check counts as good here, because the process answers.
 */
function noteCheck(draft: Draft, phase: UpPhase, event: CheckedEvent): void {
  if (phase.kind === 'running' && phase.stable) return;
  const next = addCheck(phase.checked, event, draft.now);
  if (next === phase.checked) return;
  draft.enter({ ...phase, checked: next });
  if (phase.kind === 'running') becomeStable(draft);
}

function addCheck(before: CheckHistory, { problem, withinGrace, isExcused }: CheckedEvent, now: number): CheckHistory {
  // An agent that is busy now may have been busy at its earlier time-outs, too.
  if (isExcused === true) return before.kind === 'awaited' && before.problem !== null ? NOT_CHECKED : before;
  if (problem === null) return before.kind === 'good' ? before : { kind: 'good', since: now };
  if (before.kind === 'awaited' || withinGrace) {
    const hasChanged = before.kind !== 'awaited' || before.problem?.line !== problem.line;
    return hasChanged ? { kind: 'awaited', problem: { cause: problem.cause, line: problem.line } } : before;
  }
  return before.kind === 'failed' ? before : { kind: 'failed' };
}

/** Marks the run stable if that is due: closes the incident and sets the failure count to 0. */
export function becomeStable(draft: Draft): void {
  const phase = draft.phase;
  if (phase.kind !== 'running' || phase.stable) return;
  const due = stableTimeOf(phase, draft.policy);
  if (due === null || draft.now < due) return;
  draft.enter({ ...phase, stable: true });
  const circuit = draft.circuit;
  if (circuit.state !== 'CLOSED' || circuit.failureCount > 0) draft.moveCircuit({ type: 'success' });
  if (draft.state.incident === null) return;
  draft.record('agent.healthy', { pid: phase.run.process.pid, incidentOver: true, ...draft.resumedTask() });
  draft.endIncident('recovered');
}

/** Returns when a running agent becomes stable; null: it is, or it needs a good check first, which sets the time. */
export function stableTimeOf({ since, stable, checked }: RunningPhase, policy: HealingPolicy): number | null {
  if (stable || (policy.isChecked && checked.kind !== 'good')) return null;
  return since + policy.stableMs;
}

function recordHealthy(draft: Draft, phase: UpPhase, event: CheckedEvent): void {
  const { incarnation, problem, misconfigured, isExcused } = event;
  const isGood = problem === null && misconfigured === undefined && isExcused !== true;
  if (draft.state.unhealthy?.incarnation !== incarnation || !isGood) return;
  draft.record('agent.healthy', { pid: phase.run.process.pid });
  draft.update({ unhealthy: null });
}

function onFailingVerdict(draft: Draft, { run }: UpPhase, diagnosis: Diagnosis, mayAct: boolean): void {
  const { runId, process } = run;
  const incarnation = incarnationOf(run);
  if (draft.state.unhealthy?.incarnation !== incarnation) {
    const { cause, line } = diagnosis;
    draft.record('agent.unhealthy', { pid: process.pid, runId, cause, line });
    draft.update({ unhealthy: { incarnation, cause } });
  }
  if (draft.isPaused || isSpared(diagnosis, mayAct, draft.policy)) return;
  fail(draft, diagnosis, { runId, pidBefore: process.pid, alive: run, exit: null });
}

/** Handles a startup grace that passed without a good check. */
export function onGraceOver(draft: Draft, phase: VerifyingPhase): void {
  const { run, checked } = phase;
  const problem = checked.kind === 'awaited' ? checked.problem : null;
  // No check has failed, so there is no evidence against the process. Start the window again.
  if (problem === null) {
    draft.enter({ ...phase, since: draft.now });
    return;
  }
  const seconds = Math.round(draft.policy.graceMs / 100) / 10;
  const line = `no good check within ${seconds} s of the start: ${problem.line}`;
  const diagnosis = diagnosisOf(problem.cause, line, { advice: adviceOnGrace(seconds) });
  onFailingVerdict(draft, phase, diagnosis, !draft.policy.isFleetIncident);
  // The failure was only recorded. Drop the deadline and let the next checks decide.
  if (draft.phase.kind === 'verifying' && draft.phase.run === run)
    draft.enter({ ...phase, checked: { kind: 'failed' } });
}

function adviceOnGrace(seconds: number): string {
  const names = 'policy.startupGraceSeconds of its definition (STARTUP_GRACE_SECONDS for all agents)';
  return `If the agent takes longer than ${seconds} s to start, increase ${names}. Otherwise see its log, and verify healthUrl.`;
}
