import { exponentialDelay, type Diagnosis, type FailureCause, type Random } from '../../kernel';
import type { CircuitEvent } from '../../circuit';
import type { ExitFacts } from './phase';
import type { HealingPolicy } from './policy';

/** Minimum back-off base for a failure with remedy `wait`: its cause is expected to clear up. */
const WAIT_BASE_MS = 30_000;

/** Time over which restarts are spread during a fleet incident. */
const FLEET_SPREAD_MS = 60_000;

/** Causes external to the agents. Many agents that share one have a single fault. */
export const EXTERNAL_CAUSES: ReadonlySet<FailureCause> = new Set(['network', 'rate-limited', 'credentials']);

/** A failure, as the policy sees it. */
export interface Failure {
  readonly diagnosis: Diagnosis;
  /** Restarts by healing within the incident so far. */
  readonly attempts: number;
  /** True if the failed process lives, so that it must be killed first. */
  readonly isAlive: boolean;
  /** The exit; null: the failure is of health or of a launch. */
  readonly exit: ExitFacts | null;
}

/** Restart by healing: which one of the incident, after how long, and why. */
export interface Restart {
  /** Number of this restart within the incident; 1 for the first. */
  readonly attempt: number;
  readonly delayMs: number;
  /** In one line, for the operator. */
  readonly why: string;
  /** True if the descendants of dead runs must be killed first. */
  readonly afterSweeps: boolean;
  /** True if the operator is notified, although restarts continue. */
  readonly isEscalated: boolean;
}

/** Returns true if the agent finished its work, so that its exit is no failure and it stays stopped. */
export function isFinished(diagnosis: Diagnosis, { restart }: HealingPolicy): boolean {
  return diagnosis.cause === 'clean-exit' && restart !== 'always';
}

/** Returns true if healing must leave a failing process alone. A process over its budget is always killed. */
export function isSpared(diagnosis: Diagnosis, mayAct: boolean, { restart }: HealingPolicy): boolean {
  return diagnosis.cause !== 'over-budget' && (!mayAct || restart === 'never');
}

/**
 * Returns how a failure moves the circuit; null: it does not count, because its remedy is `wait`: the cause is expected
 * to clear up. With `restart: never` every failure opens the circuit, because none is restarted.
 *
 * @param previousCause cause by which the previous run failed; null: it did not fail
 */
export function countFailure(
  diagnosis: Diagnosis,
  { restart }: HealingPolicy,
  previousCause: FailureCause | null,
): CircuitEvent | null {
  const isNeverRestarted = restart === 'never';
  if (diagnosis.remedy === 'wait' && !isNeverRestarted) return null;
  // A trial would spend tokens too.
  const mayTrial = !isNeverRestarted && diagnosis.cause !== 'over-budget';
  const isRestartable = !isNeverRestarted && !isIncurable(diagnosis, previousCause);
  return { type: 'failure', restartable: isRestartable, trial: mayTrial };
}

/**
 * Returns true if no restart can cure the cause. A cause that is only likely may be wrong, so it takes two runs in a row
 * that fail by it, whatever the certainty of the first.
 */
function isIncurable({ cause, remedy, certainty }: Diagnosis, previousCause: FailureCause | null): boolean {
  return remedy === 'person' && (certainty === 'certain' || cause === previousCause);
}

/** Returns the diagnosis of a failure that is restarted. If a restart may not cure it, the advice says so. */
export function adviseOnRestart(diagnosis: Diagnosis): Diagnosis {
  if (diagnosis.remedy !== 'person') return diagnosis;
  return { ...diagnosis, advice: `${diagnosis.advice} ${ADVICE_ON_LIKELY}` };
}

const ADVICE_ON_LIKELY =
  'The cause is likely but not certain, so the supervisor restarts the agent. If the next run fails by the same cause, the agent is halted.';

/** Decides the restart after a failure that left the circuit closed. With an OPEN circuit there is no restart. */
export function decideRestart(failure: Failure, policy: HealingPolicy, random: Random): Restart {
  const { cause, line, remedy } = failure.diagnosis;
  const attempt = failure.attempts + 1;
  const backoffMs = remedy === 'wait' ? waitDelay(attempt, policy, random) : backoffDelay(attempt, policy, random);
  // Agents that failed together must not restart together.
  const spreadMs = policy.isFleetIncident && !failure.isAlive ? random() * FLEET_SPREAD_MS : 0;
  return {
    attempt,
    delayMs: Math.round(backoffMs + spreadMs),
    why: line,
    // A descendant of an earlier run may hold the port or be the agent itself. Kill it before the next attempt.
    afterSweeps: cause === 'port-in-use' || (failure.exit !== null && mayHaveDetached(failure.exit)),
    isEscalated: remedy === 'wait' && attempt >= policy.circuit.failureThreshold,
  };
}

/**
 * Returns true if the program may have put itself into the background. It then exits with 0 while its descendant lives,
 * and a restart at once would leave two alive.
 */
function mayHaveDetached({ exitCode, signal }: ExitFacts): boolean {
  return signal === null && (exitCode === null || exitCode === 0);
}

/**
 * Returns the delay in milliseconds before restart `n` of an incident: 0 for the first, then base x 2^(n-2), jittered
 * and capped at the maximum ({@link exponentialDelay}).
 *
 * @param n 1 for the first restart of the incident
 */
export function backoffDelay(
  n: number,
  policy: { backoffBaseMs: number; backoffMaxMs: number },
  random: Random,
): number {
  if (n <= 1) return 0;
  return exponentialDelay(n - 1, { baseMs: policy.backoffBaseMs, maxMs: policy.backoffMaxMs }, random);
}

/**
 * Returns the delay in milliseconds after a failure with remedy `wait`. The base is at least 30 s, and the first
 * restart is delayed too. The policy's maximum still applies.
 */
export function waitDelay(n: number, policy: { backoffBaseMs: number; backoffMaxMs: number }, random: Random): number {
  const backoffBaseMs = Math.max(WAIT_BASE_MS, policy.backoffBaseMs);
  return backoffDelay(n + 1, { ...policy, backoffBaseMs }, random);
}
