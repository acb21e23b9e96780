import type { Policy } from '../kernel';
import type { Settings } from '../config';
import type { CircuitPolicy } from '../circuit';
import { NO_ACTIVITY, type HealingPolicy } from './machine';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** Facts that govern an agent besides its policy and the settings, and that change at run time. */
export type RuntimeFacts = Pick<HealingPolicy, 'isChecked' | 'isExternal' | 'isFleetIncident' | 'activity'>;

const NO_FACTS: RuntimeFacts = { isChecked: false, isExternal: false, isFleetIncident: false, activity: NO_ACTIVITY };

/**
 * Returns the effective policy of one agent for healing and its circuit: its own values, else the settings of the
 * service. Health resolves its own part in `health/health-policy`, because it is below healing.
 */
export function resolvePolicy(settings: Settings, policy: Policy, facts: RuntimeFacts = NO_FACTS): HealingPolicy {
  const baseMs = (policy.backoffBaseSeconds ?? settings.BACKOFF_BASE_SECONDS) * SECOND_MS;
  return {
    restart: policy.restart ?? 'always',
    verifyMs: (policy.verifySeconds ?? settings.VERIFY_SECONDS) * SECOND_MS,
    stableMs: (policy.stableSeconds ?? settings.STABLE_SECONDS) * SECOND_MS,
    backoffBaseMs: baseMs,
    // An operator may set a base above the maximum. The base is then the maximum too.
    backoffMaxMs: Math.max(baseMs, (policy.backoffMaxSeconds ?? settings.BACKOFF_MAX_SECONDS) * SECOND_MS),
    restartDelayMs: (policy.restartDelaySeconds ?? settings.RESTART_DELAY_SECONDS) * SECOND_MS,
    killTimeoutMs: (policy.killTimeoutSeconds ?? settings.KILL_TIMEOUT_SECONDS) * SECOND_MS,
    graceMs: (policy.startupGraceSeconds ?? settings.STARTUP_GRACE_SECONDS) * SECOND_MS,
    reminderMs: (policy.escalationReminderHours ?? settings.ESCALATION_REMINDER_HOURS) * HOUR_MS,
    idleStopMs: policy.idleStopSeconds === undefined ? null : policy.idleStopSeconds * SECOND_MS,
    circuit: circuitPolicy(settings, policy),
    ...facts,
  };
}

function circuitPolicy(settings: Settings, policy: Policy): CircuitPolicy {
  return {
    failureThreshold: policy.circuitFailureThreshold ?? settings.CIRCUIT_FAILURE_THRESHOLD,
    failuresPerHour: policy.circuitFailuresPerHour ?? settings.CIRCUIT_FAILURES_PER_HOUR,
    cooldownMs: (policy.circuitCooldownSeconds ?? settings.CIRCUIT_COOLDOWN_SECONDS) * SECOND_MS,
  };
}
