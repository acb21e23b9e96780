import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  isExternal,
  isoTime,
  LAUNCH_MEMBERS,
  type AgentStatus,
  type AgentView,
  type Clock,
  type DesiredState,
} from '../kernel';
import { HealthMonitor, Heartbeats } from '../health';
import { AgentRegistry, changedMembers, maskedEnv, type RegisteredAgent } from '../registry';
import type { ListedProcess } from '../runtime';
import { AgentSupervisor } from './agent-supervisor';
import { LaunchPlanner } from './launch-planner';
import { externalStatusOf, isRestartDue, runOf, statusOf, type Phase, type Run, type Situation } from './machine';

export interface AgentFilter {
  readonly tag?: string;
  readonly capability?: string;
  readonly status?: AgentStatus;
  readonly desiredState?: DesiredState;
}

/** What readers see of the agents: their definitions, and what is known of them now, put together at each read. */
@Injectable()
export class AgentDirectory {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly supervisor: AgentSupervisor,
    private readonly planner: LaunchPlanner,
    private readonly heartbeats: Heartbeats,
    private readonly health: HealthMonitor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Problem agent-not-found */
  view(agentId: string): AgentView {
    return this.viewOf(this.registry.getAgent(agentId));
  }

  list(filter: AgentFilter = {}): AgentView[] {
    return this.registry
      .listAgents()
      .filter((agent) => filter.tag === undefined || agent.tags.includes(filter.tag))
      .filter((agent) => filter.capability === undefined || agent.capabilities.includes(filter.capability))
      .map((agent) => this.viewOf(agent))
      .filter((view) => filter.status === undefined || view.status === filter.status)
      .filter((view) => filter.desiredState === undefined || view.desiredState === filter.desiredState);
  }

  private viewOf(agent: RegisteredAgent): AgentView {
    const { id: _id, registeredAt, updatedAt, missingEnv, ...definition } = agent;
    return {
      ...definition,
      env: maskedEnv(agent.env),
      missingEnv: [...missingEnv],
      ...this.present(agent),
      registeredAt: isoTime(registeredAt),
      updatedAt: isoTime(updatedAt),
    };
  }

  private present(agent: RegisteredAgent): PresentView {
    const { agentId } = agent;
    const situation = this.supervisor.situation(agentId);
    const circuit = this.supervisor.circuitOf(agentId);
    const run = situation === null ? null : runOf(situation.state.phase);
    const listed = run === null ? undefined : this.listedOf(run);
    return {
      desiredState: situation === null ? 'running' : situation.desired,
      status: this.statusOf(agent, situation),
      pid: run?.process.pid ?? null,
      healthScore: this.scoreOf(agent, situation),
      restarts: situation?.state.restarts ?? 0,
      uptimeSeconds: run === null ? null : Math.max(0, Math.round((this.clock.wall() - run.upSince) / 100) / 10),
      memoryBytes: listed?.memoryBytes ?? null,
      cpuPercent: listed?.cpuPercent ?? null,
      nextAttemptAt: situation === null ? null : this.dueTime(situation),
      announced: this.heartbeats.announcedOf(agentId),
      pausedUntil: this.pausedUntil(situation),
      restartPending: run !== null && this.isRestartPending(agent, run),
      lastFailure: lastFailureOf(situation),
      circuit: {
        state: circuit.state,
        failureCount: circuit.failureCount,
        lastFailureAt: this.wallTime(circuit.lastFailureAt),
        trippedAt: this.wallTime(circuit.trippedAt),
      },
    };
  }

  private statusOf(agent: RegisteredAgent, situation: Situation | null): AgentStatus {
    if (situation === null) return 'unknown';
    const isFailing = this.health.isFailing(agent.agentId);
    const status = isExternal(agent) ? externalStatusOf(situation) : statusOf(situation);
    // One whose restart is nobody's task here would else be said to be starting for as long as it fails.
    return isFailing && (status === 'running' || status === 'starting') ? 'unhealthy' : status;
  }

  /** Of an external agent that was never seen well, nothing is known. */
  private scoreOf(agent: RegisteredAgent, situation: Situation | null): number | null {
    if (isExternal(agent) && situation?.state.external?.wasSeen !== true) return null;
    return this.health.score(agent.agentId);
  }

  private pausedUntil(situation: Situation | null): string | null {
    const until = situation?.state.pausedUntil ?? null;
    return until === null || until <= this.clock.now() ? null : this.wallTime(until);
  }

  private listedOf(run: Run): ListedProcess | undefined {
    return this.supervisor.latest()?.listed.find((entry) => entry.process?.pid === run.process.pid);
  }

  private isRestartPending(agent: RegisteredAgent, run: Run): boolean {
    const launched = this.planner.launchedWith(agent.agentId, run.runId);
    if (launched === null) return false;
    const changed = changedMembers(launched, agent);
    return LAUNCH_MEMBERS.some((member) => changed.includes(member));
  }

  private dueTime(situation: Situation): string | null {
    if (situation.desired === 'stopped') return null;
    const due = dueAt(situation.state.phase, situation.circuit.dueAt);
    const { pausedUntil } = situation.state;
    return this.wallTime(due === null || pausedUntil === null ? due : Math.max(due, pausedUntil));
  }

  /** Due times stand on the steady scale; people read the wall clock. */
  private wallTime(time: number | null): string | null {
    return time === null ? null : isoTime(time + this.clock.wall() - this.clock.now());
  }
}

type PresentView = Omit<AgentView, keyof RegisteredAgent | 'registeredAt' | 'updatedAt'>;

function dueAt(phase: Phase, trialAt: number | null): number | null {
  if (phase.kind !== 'down') return null;
  if (phase.why === 'halted') return trialAt;
  return isRestartDue(phase) ? phase.until : null;
}

function lastFailureOf(situation: Situation | null): AgentView['lastFailure'] {
  const failure = situation?.state.lastFailure ?? null;
  return failure === null ? null : { ...failure, at: isoTime(failure.at) };
}
