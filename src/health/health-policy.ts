import type { Policy } from '../kernel';
import type { Settings } from '../config';

const SECOND_MS = 1_000;
const DAY_SECONDS = 86_400;
const SELF_FAILING_SECONDS = 120;

/** Limits for watching one agent, in milliseconds. */
export interface HealthPolicy {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Null if being busy without progress is not a fault. */
  readonly progressTimeoutMs: number | null;
  /** An agent whose heartbeats report `failing` for this long gets a failing verdict. */
  readonly selfFailingMs: number;
  /** Null for no limit. */
  readonly tokenBudget: number | null;
  readonly tokenWindowMs: number;
}

/** Merges the agent's policy with the settings of the service. The policy takes precedence. */
export function healthPolicy(settings: Settings, policy: Policy, intervalSeconds: number): HealthPolicy {
  return {
    intervalMs: (policy.healthIntervalSeconds ?? intervalSeconds) * SECOND_MS,
    timeoutMs: (policy.healthTimeoutSeconds ?? settings.HEALTH_TIMEOUT_SECONDS) * SECOND_MS,
    graceMs: (policy.startupGraceSeconds ?? settings.STARTUP_GRACE_SECONDS) * SECOND_MS,
    heartbeatTimeoutMs: (policy.heartbeatTimeoutSeconds ?? settings.HEARTBEAT_TIMEOUT_SECONDS) * SECOND_MS,
    progressTimeoutMs: policy.progressTimeoutSeconds === undefined ? null : policy.progressTimeoutSeconds * SECOND_MS,
    selfFailingMs: (policy.selfFailingSeconds ?? SELF_FAILING_SECONDS) * SECOND_MS,
    tokenBudget: policy.tokenBudget ?? null,
    tokenWindowMs: (policy.tokenBudgetWindowSeconds ?? DAY_SECONDS) * SECOND_MS,
  };
}
