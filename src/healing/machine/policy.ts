import type { RestartPolicy } from '../../kernel';
import type { CircuitPolicy } from '../../circuit';

/** Effective policy of one agent, in milliseconds: its own policy over the settings of the service. */
export interface HealingPolicy {
  readonly restart: RestartPolicy;
  readonly verifyMs: number;
  readonly stableMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  readonly restartDelayMs: number;
  readonly killTimeoutMs: number;
  /** Time from a start to its first good check. */
  readonly graceMs: number;
  /** True with a health URL: it then takes good checks to become verified and stable. */
  readonly isChecked: boolean;
  /** True for an agent that is watched but never launched. */
  readonly isExternal: boolean;
  /**
   * True during a fleet incident: restarts after exits are spread, and agents that only look unhealthy are left alone.
   */
  readonly isFleetIncident: boolean;
  /** Interval between reminders while the agent is halted; 0: none. */
  readonly reminderMs: number;
  readonly circuit: CircuitPolicy;
}
