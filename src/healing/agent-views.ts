import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  isExternal,
  isoTime,
  type AgentStatus,
  type AgentView,
  type CircuitState,
  type Clock,
  type DesiredState,
} from '../kernel';
import { HealthMonitor, Heartbeats } from '../health';
import { AgentDefinitions, launchFingerprint, maskValues, type RegisteredAgent } from '../registry';
import type { ListedProcess } from '../processes';
import { AgentSupervisor } from './supervisor/agent-supervisor';
import { isRestartDue, runOf, type Phase, type Run, type MachineState } from './machine';

export interface AgentFilter {
  readonly tag?: string;
  readonly capability?: string;
  readonly status?: AgentStatus;
  readonly desiredState?: DesiredState;
}

/** Facts about an agent that decide if a task can go to it. */
export interface AgentStanding extends Pick<AgentView, 'agentId' | 'status'> {
  /** As in the view. */
  readonly score: number | null;
  readonly circuit: CircuitState;
  readonly isExternal: boolean;
  readonly isPaused: boolean;
  /** True while the agent runs, or is started, only because routing asked for it. */
  readonly isOnDemand: boolean;
  /** `Clock.now()` of the latest stop by an operator or by the idle timer. */
  readonly stopAskedAt: number;
  /** When its next launch is due, on the scale of `Clock.now()`; null: none is. */
  readonly dueAt: number | null;
}

/** Builds the views of agents for readers: the definition and the present state, combined at each read. */
@Injectable()
export class AgentViews {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly supervisor: AgentSupervisor,
    private readonly heartbeats: Heartbeats,
    private readonly health: HealthMonitor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Problem agent-not-found */
  view(agentId: string): AgentView {
    return this.viewOf(this.definitions.getAgent(agentId));
  }

  list(filter: AgentFilter = {}): AgentView[] {
    return this.definitions
      .listAgents()
      .filter((agent) => filter.tag === undefined || agent.tags.includes(filter.tag))
      .filter((agent) => filter.capability === undefined || agent.capabilities.includes(filter.capability))
      .map((agent) => this.viewOf(agent))
      .filter((view) => filter.status === undefined || view.status === filter.status)
      .filter((view) => filter.desiredState === undefined || view.desiredState === filter.desiredState);
  }

  /**
   * Returns what routing must know of an agent; null: it is not registered. Unlike a view, its cost does not depend on
   * the number of agents.
   */
  standingOf(agentId: string): AgentStanding | null {
    const agent = this.definitions.findAgent(agentId);
    const machineState = this.supervisor.machineState(agentId);
    if (agent === null || machineState === null) return null;
    const { state, circuit } = machineState;
    return {
      ...{ agentId, status: this.health.statusOf(agentId), score: this.scoreOf(agent, machineState) },
      ...{ circuit: circuit.state, isExternal: isExternal(agent), isOnDemand: state.onDemand },
      isPaused: this.pausedUntil(machineState) !== null,
      stopAskedAt: state.stopAskedAt,
      dueAt: machineState.desired === 'stopped' ? null : dueAt(state.phase, circuit.dueAt),
    };
  }

  /** Returns the URL to which a task for the agent is sent; null: neither its run nor its definition names one. */
  endpointOf(agentId: string): string | null {
    const endpoint = this.definitions.findAgent(agentId)?.endpoint ?? null;
    return this.heartbeats.announcedOf(agentId)?.endpoint ?? endpoint;
  }

  private viewOf(agent: RegisteredAgent): AgentView {
    const { id: _id, registeredAt, updatedAt, missingEnv, ...definition } = agent;
    return {
      ...definition,
      env: maskValues(agent.env),
      healthHeaders: maskValues(agent.healthHeaders),
      missingEnv: [...missingEnv],
      ...this.present(agent),
      registeredAt: isoTime(registeredAt),
      updatedAt: isoTime(updatedAt),
    };
  }

  private present(agent: RegisteredAgent): PresentView {
    const { agentId } = agent;
    const machineState = this.supervisor.machineState(agentId);
    const circuit = this.supervisor.circuitOf(agentId);
    const run = machineState === null ? null : runOf(machineState.state.phase);
    const listed = run === null ? undefined : this.listedOf(run);
    return {
      desiredState: machineState === null ? 'running' : machineState.desired,
      status: this.health.statusOf(agentId),
      pid: run?.process.pid ?? null,
      healthScore: this.scoreOf(agent, machineState),
      restarts: machineState?.state.restarts ?? 0,
      uptimeSeconds: run === null ? null : Math.max(0, Math.round((this.clock.wall() - run.upSince) / 100) / 10),
      memoryBytes: listed?.memoryBytes ?? null,
      cpuPercent: listed?.cpuPercent ?? null,
      nextAttemptAt: machineState === null ? null : this.dueTime(machineState),
      announced: this.heartbeats.announcedOf(agentId),
      pausedUntil: this.pausedUntil(machineState),
      restartPending: run !== null && run.fingerprint !== null && run.fingerprint !== launchFingerprint(agent),
      lastFailure: lastFailureOf(machineState),
      circuit: {
        state: circuit.state,
        failureCount: circuit.failureCount,
        lastFailureAt: isoOrNull(circuit.lastFailureAt),
        trippedAt: isoOrNull(circuit.trippedAt),
      },
    };
  }

  /** Returns null for an external agent that was never seen healthy: nothing is known of it. */
  private scoreOf(agent: RegisteredAgent, machineState: MachineState | null): number | null {
    if (isExternal(agent) && machineState?.state.external?.wasSeen !== true) return null;
    return this.health.score(agent.agentId);
  }

  private pausedUntil(machineState: MachineState | null): string | null {
    const until = machineState?.state.pausedUntil ?? null;
    return until === null || until <= this.clock.now() ? null : this.wallTime(until);
  }

  private listedOf(run: Run): ListedProcess | undefined {
    const { pid, startTime } = run.process;
    const isIt = ({ process }: ListedProcess) => process?.pid === pid && process.startTime === startTime;
    return this.supervisor.latest()?.listed.find(isIt);
  }

  private dueTime(machineState: MachineState): string | null {
    if (machineState.desired === 'stopped') return null;
    const due = dueAt(machineState.state.phase, machineState.circuit.dueAt);
    const { pausedUntil } = machineState.state;
    return this.wallTime(due === null || pausedUntil === null ? due : Math.max(due, pausedUntil));
  }

  /** Converts a time on the scale of `Clock.now()` to the wall clock. */
  private wallTime(time: number | null): string | null {
    return time === null ? null : isoTime(this.clock.wallOf(time));
  }
}

type PresentView = Omit<AgentView, keyof RegisteredAgent | 'registeredAt' | 'updatedAt'>;

function dueAt(phase: Phase, trialAt: number | null): number | null {
  if (phase.kind !== 'down') return null;
  if (phase.why === 'halted') return trialAt;
  return isRestartDue(phase) ? phase.until : null;
}

function lastFailureOf(machineState: MachineState | null): AgentView['lastFailure'] {
  const failure = machineState?.state.lastFailure ?? null;
  return failure === null ? null : { ...failure, at: isoTime(failure.at) };
}

function isoOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : isoTime(wallMs);
}
