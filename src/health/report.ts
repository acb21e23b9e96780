import type { AgentStatus } from '../kernel';
import type { Signals } from './score';

/** Health of one agent as shown to a caller. */
export interface HealthResult {
  readonly agentId: string;
  readonly healthy: boolean;
  /** 0 to 100; null if the agent should not run or was not checked yet. */
  readonly score: number | null;
  readonly responseMs: number | null;
  readonly statusCode: number | null;
  readonly error: string | null;
  /** ISO 8601, UTC. */
  readonly checkedAt: string;
  readonly signals: Signals;
  readonly explanation: string;
}

export interface HealthSummary {
  readonly total: number;
  readonly running: number;
  readonly unhealthy: number;
  readonly halted: number;
  readonly stopped: number;
  readonly other: number;
}

export interface HealthReport {
  readonly generatedAt: string;
  readonly summary: HealthSummary;
  readonly agents: Readonly<Record<string, HealthResult>>;
}

/** Counts agents by status. */
export function summaryOf(statuses: readonly AgentStatus[]): HealthSummary {
  const count = (wanted: AgentStatus) => statuses.filter((status) => status === wanted).length;
  const named = {
    running: count('running'),
    unhealthy: count('unhealthy'),
    halted: count('halted'),
    stopped: count('stopped'),
  };
  const others = statuses.length - named.running - named.unhealthy - named.halted - named.stopped;
  return { total: statuses.length, ...named, other: others };
}
