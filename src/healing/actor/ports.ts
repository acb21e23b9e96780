import type { AgentDefinition, AgentPatch, Clock, DesiredState, Diagnosis, NewId, Random } from '../../kernel';
import type { PlannedUpdate, RegisteredAgent } from '../../registry';
import type { Circuits } from '../../circuit';
import type { LaunchPlan, ProcessManager } from '../../processes';
import type { LogMark } from '../diagnosis';
import type { Journal } from './journal';
import type { ExitToDiagnose, HealingPolicy, Launch } from '../machine';

/** Log for operators: chosen fields, never a packet or an environment. */
export interface HealingLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * Definitions and desired states, which the registry owns. It plans changes and holds the decided ones. The agent's
 * mailbox orders the changes and commits each with its decision.
 */
export interface Definitions {
  desiredState(agentId: string): DesiredState;
  applyDesired(agentId: string, desired: DesiredState): void;
  findAgent(agentId: string): RegisteredAgent | null;
  /** @throws Problem `agent-exists`, `invalid-request` */
  planRegistration(definition: AgentDefinition): RegisteredAgent;
  /** Returns null where the patch changes nothing. @throws Problem `agent-not-found`, `invalid-request` */
  planUpdate(agentId: string, patch: AgentPatch): PlannedUpdate | null;
  /** Applies a saved definition; null: the agent is no longer registered. */
  applyDefinition(agentId: string, agent: RegisteredAgent | null): void;
}

/** Inputs of a plan besides the definition. */
export interface PlanFacts {
  readonly launch: Launch;
  readonly restarts: number;
  /** Id of the previous run; null: there was none. */
  readonly lastRunId: string | null;
}

/** Launch plan, with the identity of its definition. */
export interface PlannedLaunch extends LaunchPlan {
  /** Absolute path of the folder of the entry point. */
  readonly folder: string;
  /** Identifies the launch members of the definition, values included, without revealing them. */
  readonly fingerprint: string;
}

/** Policies in effect. Settings, definitions and the fleet change them at run time. */
export interface Policies {
  of(agentId: string): HealingPolicy;
}

/** Facts about agents that other modules hold in memory. */
export interface AgentMemory {
  /** Called once a new token budget is saved. */
  resetTokens(agentId: string): void;
  /** Called once an agent is unregistered, to drop what is remembered of it. */
  forget(agentId: string): void;
}

export interface ExitDiagnosis {
  /** Marks the end of the agent's logs, within half a second; null: the disk did not answer. Never rejects. */
  mark(agentId: string): Promise<LogMark | null>;
  /** Diagnoses why a run exited, within a second; never rejects. */
  diagnose(agentId: string, end: ExitToDiagnose): Promise<Diagnosis>;
}

export interface Planner {
  /** @throws Problem `entry-point-not-found`, `interpreter-not-found` or `invalid-request` */
  plan(agentId: string, facts: PlanFacts): PlannedLaunch | Promise<PlannedLaunch>;
}

/** Receives what happens to the daemon and to the supervisor itself. */
export interface SupervisionReports {
  /** The operator killed the daemon (`pm2 kill`) and it stays away. `agents`: number of agents stopped with it. */
  onDaemonEnded(agents: number): void;
  onDaemonLost(detail: string): void;
  onDaemonConnected(isFirst: boolean): void;
  /** The supervisor resumed after a suspend of `lostMs` milliseconds. */
  onResumed(lostMs: number): void;
}

/** Receives the ids of agents whose views may have changed, for readers that wait for a change. */
export interface ViewChangeSink {
  /** Must return at once and never throw: it is called while a decision is applied. */
  note(agentId: string): void;
}

/** Dependencies of supervision. The simulation provides its own. */
export interface SupervisionPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly runtime: ProcessManager;
  readonly circuits: Circuits;
  readonly definitions: Definitions;
  readonly policies: Policies;
  readonly memory: AgentMemory;
  readonly diagnosis: ExitDiagnosis;
  readonly planner: Planner;
  readonly journal: Journal;
  readonly reports: SupervisionReports;
  readonly viewChanges: ViewChangeSink;
  readonly log: HealingLog;
}
