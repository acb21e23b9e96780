import type { Policy } from '../kernel';
import type { Settings } from '../config';

const SECOND_MS = 1_000;
const DAY_SECONDS = 86_400;

/** What rules the watching of one agent, in milliseconds. */
export interface HealthPolicy {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly heartbeatTimeoutMs: number;
  /** null: busy without progress is no fault. */
  readonly progressTimeoutMs: number | null;
  /** null: no limit. */
  readonly tokenBudget: number | null;
  readonly tokenWindowMs: number;
}

/** Its own policy where it has one, else the settings of the service. */
export function healthPolicy(settings: Settings, policy: Policy, intervalSeconds: number): HealthPolicy {
  return {
    intervalMs: (policy.healthIntervalSeconds ?? intervalSeconds) * SECOND_MS,
    timeoutMs: (policy.healthTimeoutSeconds ?? settings.HEALTH_TIMEOUT_SECONDS) * SECOND_MS,
    graceMs: (policy.startupGraceSeconds ?? settings.STARTUP_GRACE_SECONDS) * SECOND_MS,
    heartbeatTimeoutMs: (policy.heartbeatTimeoutSeconds ?? settings.HEARTBEAT_TIMEOUT_SECONDS) * SECOND_MS,
    progressTimeoutMs: policy.progressTimeoutSeconds === undefined ? null : policy.progressTimeoutSeconds * SECOND_MS,
    tokenBudget: policy.tokenBudget ?? null,
    tokenWindowMs: (policy.tokenBudgetWindowSeconds ?? DAY_SECONDS) * SECOND_MS,
  };
}
