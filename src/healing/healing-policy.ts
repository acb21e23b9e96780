import type { Policy } from '../kernel';
import type { Settings } from '../config';
import type { CircuitPolicy } from '../circuit';
import type { CircumstancesOfAgent } from './circumstances';
import type { HealingPolicy } from './machine';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

const ORDINARY: CircumstancesOfAgent = { isChecked: false, isExternal: false, isFleetIncident: false };

/** What rules one agent: its own policy where it has one, else the settings of the service. */
export function healingPolicy(
  settings: Settings,
  policy: Policy,
  circumstances: CircumstancesOfAgent = ORDINARY,
): HealingPolicy {
  const baseMs = (policy.backoffBaseSeconds ?? settings.BACKOFF_BASE_SECONDS) * SECOND_MS;
  return {
    restart: policy.restart ?? 'always',
    verifyMs: (policy.verifySeconds ?? settings.VERIFY_SECONDS) * SECOND_MS,
    stableMs: (policy.stableSeconds ?? settings.STABLE_SECONDS) * SECOND_MS,
    backoffBaseMs: baseMs,
    // A base above the maximum of the settings is the owner's wish: then every delay is the base.
    backoffMaxMs: Math.max(baseMs, (policy.backoffMaxSeconds ?? settings.BACKOFF_MAX_SECONDS) * SECOND_MS),
    restartDelayMs: (policy.restartDelaySeconds ?? settings.RESTART_DELAY_SECONDS) * SECOND_MS,
    killTimeoutMs: (policy.killTimeoutSeconds ?? settings.KILL_TIMEOUT_SECONDS) * SECOND_MS,
    graceMs: (policy.startupGraceSeconds ?? settings.STARTUP_GRACE_SECONDS) * SECOND_MS,
    reminderMs: (policy.escalationReminderHours ?? settings.ESCALATION_REMINDER_HOURS) * HOUR_MS,
    circuit: circuitPolicy(settings, policy),
    ...circumstances,
  };
}

function circuitPolicy(settings: Settings, policy: Policy): CircuitPolicy {
  return {
    failureThreshold: policy.circuitFailureThreshold ?? settings.CIRCUIT_FAILURE_THRESHOLD,
    failuresPerHour: policy.circuitFailuresPerHour ?? settings.CIRCUIT_FAILURES_PER_HOUR,
    cooldownMs: (policy.circuitCooldownSeconds ?? settings.CIRCUIT_COOLDOWN_SECONDS) * SECOND_MS,
  };
}
