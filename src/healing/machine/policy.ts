import type { RestartPolicy } from '../../kernel';
import type { CircuitPolicy } from '../../circuit';

/** Latest activity of one agent, on the scale of `Clock.now()`. */
export interface Activity {
  /** Time of its latest routed task or busy heartbeat; null: none since the supervisor started. */
  readonly at: number | null;
  /** Until this time its latest heartbeat is fresh and says that it is busy; null: it does not. */
  readonly busyUntil: number | null;
}

export const NO_ACTIVITY: Activity = { at: null, busyUntil: null };

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
  /** Time without activity after which an agent that runs on demand is stopped; null: never. */
  readonly idleStopMs: number | null;
  readonly activity: Activity;
  /** Interval between reminders while the agent is halted; 0: none. */
  readonly reminderMs: number;
  readonly circuit: CircuitPolicy;
}
