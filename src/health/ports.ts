import type { HealthOutcome } from './outcome';
import type { WatchTarget } from './watch-target';

/** Provides what to watch of each agent. The module above implements it. */
export interface WatchTargets {
  /** Returns null if the agent is not supervised. */
  targetOf(agentId: string): WatchTarget | null;
}

/** Receives the outcomes of checks. The module above implements it. */
export interface HealthListener {
  /** Called after each periodic check that says something about the agent. */
  onChecked(agentId: string, outcome: HealthOutcome): void;
  /** Called after each heartbeat, and again once what it announced is saved. */
  onHeartbeat(agentId: string): void;
  /** Called when failed checks were discarded because the supervisor's event loop was delayed for `lagMs`. */
  onLag(lagMs: number): void;
}

/** Provides the present process of each agent. The module above implements it. */
export interface Incarnations {
  /**
   * Returns the incarnation of an agent's present process, or null if it has none. The incarnation differs for every
   * process. It lacks the pid after the colon until PM2 answers the launch.
   */
  incarnationOf(agentId: string): string | null;
}

export const WATCH_TARGETS = Symbol('WATCH_TARGETS');
export const HEALTH_LISTENER = Symbol('HEALTH_LISTENER');
export const INCARNATIONS = Symbol('INCARNATIONS');
