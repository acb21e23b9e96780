import type { Diagnosis } from '../kernel';
import { hasFailed, type CheckResult, type Misconfiguration } from './check-result';
import type { HealthPolicy } from './health-policy';
import type { Vitals } from './heartbeat/liveness';

/** Outcome of a check, together with everything else that is known about the agent. */
export interface HealthOutcome {
  readonly incarnation: string | null;
  /** Failure that the check found; null if it was good, misconfigured or excused. */
  readonly problem: { readonly cause: Diagnosis['cause']; readonly line: string } | null;
  /** True if it failed within the startup grace and before the first good check. Such a check is not counted. */
  readonly withinGrace: boolean;
  /** Verdict; null if the agent is not failing. For a misconfigured check, the verdict ignores failed checks. */
  readonly failing: Diagnosis | null;
  /**
   * True if nothing speaks against the agent: the check was good, neither excused nor misconfigured, and the heartbeats
   * of the present process, where the agent sends any, are fresh and do not report `failing`.
   */
  readonly isWell: boolean;
  /** True while the latest heartbeat of the present process reports `failing`, from the first such report on. */
  readonly saysFailing: boolean;
  /** Milliseconds that a new process must run before the fault behind `failing` can show again; 0 at the next check. */
  readonly signalMs: number;
  /** Set if the check, not the agent, is at fault. `problem` is then null. */
  readonly misconfigured?: Misconfiguration & { readonly line: string };
  /** Set if it timed out because the agent is busy. It is neither good nor failed. `problem` is then null. */
  readonly isExcused?: true;
}

/** Facts about a check that its result does not contain. */
export interface CheckContext {
  readonly incarnation: string | null;
  readonly withinGrace: boolean;
  /** True if the check timed out only because the agent is busy. */
  readonly isBusy: boolean;
  readonly failing: Diagnosis | null;
  readonly vitals: Vitals | null;
  /** True if the agent has sent a heartbeat, from this process or an earlier one. */
  readonly hasSentHeartbeats: boolean;
  readonly limits: Pick<HealthPolicy, 'heartbeatTimeoutMs' | 'progressTimeoutMs' | 'selfFailingMs'>;
}

/** Returns the outcome of a check for healing. */
export function outcomeOf(check: CheckResult, context: CheckContext): HealthOutcome {
  const { incarnation, withinGrace, failing, isBusy, vitals, limits } = context;
  const signalMs = signalTimeOf(failing, limits);
  const saysFailing = vitals?.status === 'failing';
  const about = { incarnation, withinGrace, failing, signalMs, saysFailing, isWell: isWell(check, context) };
  const line = check.error ?? 'no answer';
  if (isBusy) return { ...about, problem: null, isExcused: true };
  if (check.misconfigured !== undefined)
    return { ...about, problem: null, misconfigured: { ...check.misconfigured, line } };
  return { ...about, problem: hasFailed(check) ? { cause: check.cause ?? 'hung', line } : null };
}

/** Requires a first heartbeat of an agent that sent heartbeats before: until then, its silence says nothing. */
function isWell(check: CheckResult, { failing, vitals, hasSentHeartbeats, limits }: CheckContext): boolean {
  if (!check.ok || failing !== null) return false;
  if (vitals === null) return !hasSentHeartbeats;
  return vitals.status !== 'failing' && vitals.ageMs <= limits.heartbeatTimeoutMs;
}

function signalTimeOf(failing: Diagnosis | null, limits: CheckContext['limits']): number {
  if (failing === null) return 0;
  const { cause, evidence } = failing;
  if (cause === 'stale-heartbeat') return limits.heartbeatTimeoutMs;
  if (cause === 'stuck') return limits.progressTimeoutMs ?? 0;
  const isSelfReported = cause === 'unhealthy-response' && evidence.some(({ source }) => source === 'heartbeat');
  return isSelfReported ? limits.selfFailingMs : 0;
}

/**
 * Returns true if a check timed out although the process is working: a single-threaded server does not answer while it
 * works. The heartbeats must be fresh, report busy, and show a change of task or progress within
 * `progressTimeoutSeconds` (without that policy, within the heartbeat timeout). Such a check is not counted. Refused
 * connections and server errors are counted, because they are no sign of work.
 *
 * @param vitals heartbeats of the present process; null before the first
 */
export function isBusyNotHung(
  check: CheckResult,
  vitals: Pick<Vitals, 'ageMs' | 'withoutProgressMs'> | null,
  { heartbeatTimeoutMs, progressTimeoutMs }: Pick<HealthPolicy, 'heartbeatTimeoutMs' | 'progressTimeoutMs'>,
): boolean {
  if (check.ok || check.cause !== 'hung' || vitals === null) return false;
  const { ageMs, withoutProgressMs } = vitals;
  if (withoutProgressMs === null || ageMs > heartbeatTimeoutMs) return false;
  return withoutProgressMs <= (progressTimeoutMs ?? heartbeatTimeoutMs);
}
