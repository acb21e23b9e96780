import type { Draft } from './draft';
import {
  isOfHealing,
  type DownPhase,
  type Fallback,
  type Launch,
  type LaunchedBy,
  type PreviousFailure,
  type Run,
  type VerifyingPhase,
} from './phase';
import { NOT_CHECKED } from './state';

/** Launch that is planned but not begun: it gets its run id when it begins. */
export type LaunchIntent = Omit<Launch, 'runId'>;

/** Delay before a retry when the agent is not at fault: PM2 is away, or the machine lacks a resource. */
export const WAITING_MS = 2_000;

/**
 * Plans a launch that healing makes by itself, to restart an agent that should run.
 *
 * @param failure failure after which it is made; undefined: the agent was lost through no fault of its own
 */
export function planHealingLaunch(
  reason: string,
  pidBefore: number | null,
  attempt: number | null,
  failure?: PreviousFailure,
): LaunchIntent {
  const always = { by: 'healing', kind: 'restart', trial: false, mustBeListed: true } as const;
  return { ...always, reason, ...toldFailure(failure), pidBefore, attempt, afterSweeps: false, fallback: null };
}

/** Returns the member of a launch that tells its process of a failure. */
export function toldFailure(failure: PreviousFailure | undefined): Pick<LaunchIntent, 'failure'> {
  return failure === undefined ? {} : { failure: { cause: failure.cause, line: failure.line } };
}

/** Returns the latest failure of the open incident; undefined: there is no incident, or its failure is not known. */
export function incidentFailureOf({ state: { incident, lastFailure } }: Draft): PreviousFailure | undefined {
  return incident !== null && lastFailure?.incidentId === incident.id ? lastFailure : undefined;
}

/** Plans a launch that was requested. It does not replace a process and is no attempt of healing. */
export function planRequestedLaunch(by: LaunchedBy, reason: string, fallback: Fallback | null): LaunchIntent {
  // A failed autostart counts as a failure and healing takes over, so it has no fallback.
  const keepsFallback = by === 'operator' || by === 'routing';
  return {
    by,
    reason,
    kind: 'spawn',
    pidBefore: null,
    attempt: null,
    trial: false,
    // A requested start does not depend on what became of the old entry.
    mustBeListed: false,
    // Restarts by healing wait for sweeps only where they must. A requested start may be the only one for a long time.
    afterSweeps: true,
    fallback: keepsFallback ? fallback : null,
  };
}

/** Begins a launch. From here on only its outcome or a snapshot shows if a process exists. */
export function beginLaunch(draft: Draft, intent: LaunchIntent): void {
  const byHealing = isOfHealing(intent.by);
  if (byHealing && draft.isPaused) {
    postponeLaunch(draft, intent);
    return;
  }
  if (!isAfterFailure(draft, intent)) draft.update({ previousCause: null });
  const { state, trialBy } = draft.circuit;
  // The operator's start takes over a trial of healing. If it fails, the cool-down is not doubled.
  if (state === 'OPEN' || (state === 'HALF_OPEN' && trialBy === 'healing' && !byHealing))
    draft.moveCircuit({ type: 'trial', by: byHealing ? 'healing' : 'operator' });
  const launch: Launch = { ...intent, trial: draft.circuit.state === 'HALF_OPEN', runId: draft.context.newId() };
  // PM2 may be away for hours while the launch is retried every 2 s. Record the attempt only once.
  if (launch.attempt !== null && launch.isRetry !== true)
    draft.record('recovery.attempted', { attempt: launch.attempt, runId: launch.runId });
  draft.enter({
    kind: 'starting',
    since: draft.now,
    launch,
    revision: draft.state.revision,
    outcome: 'pending',
    absences: 0,
    lookAt: null,
    listedUnder: null,
    exit: null,
  });
  draft.effect({ type: 'launch', launch, lastRun: draft.state.lastRun });
}

/** Returns true if the previous run failed: healing restarts after it, or a command starts the agent before that. */
function isAfterFailure({ state: { lastRun, failedRunId } }: Draft, { attempt }: LaunchIntent): boolean {
  return attempt !== null || (lastRun !== null && lastRun.runId === failedRunId);
}

/** Postpones a launch of healing to the end of the pause. It is due at once, but healing waits while it is paused. */
function postponeLaunch(draft: Draft, intent: LaunchIntent): void {
  draft.enter({ kind: 'down', since: draft.now, why: 'backing-off', until: draft.now, launch: intent });
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: 'The agent is paused. It is launched when the pause ends; resume it to launch it now.',
  });
}

/** Launches after `delayMs`, at once if that is 0. */
export function launchAfter(
  draft: Draft,
  launch: LaunchIntent,
  delayMs: number,
  why: 'backing-off' | 'restart-delay' | 'waiting',
): void {
  if (delayMs <= 0) beginLaunch(draft, launch);
  else draft.enter({ kind: 'down', since: draft.now, why, until: draft.now + delayMs, launch });
}

/** Stores the attempt number when the attempt is made, not when it is planned. */
export function noteAttempt(draft: Draft, launch: Launch): void {
  const incident = draft.state.incident;
  if (launch.attempt === null || incident === null) return;
  draft.update({ incident: { ...incident, attempt: launch.attempt } });
}

/** Records a successful launch, confirmed by PM2's answer or, if that was lost, by a snapshot. */
export function recordLaunched(draft: Draft, launch: Launch, pid: number): void {
  noteAttempt(draft, launch);
  if (launch.kind !== 'restart') return;
  const { reason, pidBefore } = launch;
  draft.update({ restarts: draft.state.restarts + 1 });
  draft.record('agent.restarted', { pidBefore, pidAfter: pid, reason });
  draft.recordRestart({ reason, pidBefore, pidAfter: pid, success: true });
}

/** Returns the phase of a live process that is not verified yet. */
export function verifyingPhase(draft: Draft, run: Run, launch: Launch | null): VerifyingPhase {
  return { kind: 'verifying', since: draft.now, run, launch, checked: NOT_CHECKED };
}

/** Returns the phase of an agent that is not at fault and is retried after {@link WAITING_MS}. */
export function waitingPhase(now: number): DownPhase {
  return { kind: 'down', since: now, why: 'waiting', until: now + WAITING_MS, launch: null };
}

/** Returns the phase of an agent without a process whose circuit is OPEN. The circuit owns the time of its trial. */
export function haltedPhase(now: number): DownPhase {
  return { kind: 'down', since: now, why: 'halted', until: null, launch: null };
}
