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
  /** Time that a start may take until the first good check. */
  readonly graceMs: number;
  /** There is a health URL, so it takes good checks to be verified and stable. */
  readonly isChecked: boolean;
  /** Watched, never launched. */
  readonly isExternal: boolean;
  /** Many fail at once by one cause: exits are restarted spread, and what only looks unhealthy is left alone. */
  readonly isFleetIncident: boolean;
  /** Between two reminders while it is halted; 0: none. */
  readonly reminderMs: number;
  readonly circuit: CircuitPolicy;
}
