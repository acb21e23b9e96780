import type { Clock, DesiredState, Diagnosis, NewId, Random } from '../kernel';
import type { CircuitBreaker } from '../circuit';
import type { LaunchPlan, ProcessRuntime } from '../runtime';
import type { LogMark } from './diagnosis';
import type { Journal } from './journal';
import type { EndToDiagnose, HealingPolicy, Launch } from './machine';

/** What healing says to those who run it: chosen fields, never a packet or an environment. */
export interface HealingLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What the registry owns and healing needs of it. */
export interface DesiredStates {
  desiredState(agentId: string): DesiredState;
  applyDesired(agentId: string, desired: DesiredState): void;
}

/** What a plan is made of besides the definition. */
export interface PlanFacts {
  readonly launch: Launch;
  readonly restarts: number;
  /** Of the run before this one; null: there was none. */
  readonly lastRunId: string | null;
}

/** Everything that supervision stands on; one object, so that the simulation can give others. */
export interface SupervisionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly runtime: ProcessRuntime;
  readonly circuits: CircuitBreaker;
  readonly desired: DesiredStates;
  readonly journal: Journal;
  readonly log: HealingLog;
  readonly policyOf: (agentId: string) => HealingPolicy;
  /** Finds out why a run ended; within a second, and never rejects. */
  readonly diagnose: (agentId: string, end: EndToDiagnose) => Promise<Diagnosis>;
  /** Just before a run is launched: what is in its log from here on is its own. Never rejects. */
  readonly markLog: (agentId: string, runId: string) => Promise<LogMark>;
  /** @throws Problem `entry-point-not-found`, `interpreter-not-found` or `invalid-request` */
  readonly planLaunch: (agentId: string, facts: PlanFacts) => Promise<LaunchPlan>;
}
