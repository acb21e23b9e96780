import type { RestartPolicy } from '../../kernel';
import type { CircuitPolicy } from '../../circuit';

/** What rules one agent, all in milliseconds: its own policy over the settings of the service. */
export interface HealingPolicy {
  readonly restart: RestartPolicy;
  readonly verifyMs: number;
  readonly stableMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly restartDelayMs: number;
  readonly killTimeoutMs: number;
  readonly circuit: CircuitPolicy;
}
