import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, isExternal, isoTime, LAUNCH_MEMBERS, type AgentStatus, type AgentView, type Clock } from '../kernel';
import { Heartbeats } from '../health';
import { AgentRegistry, changedMembers, maskedEnv, type RegisteredAgent } from '../registry';
import type { ListedProcess } from '../runtime';
import { AgentSupervisor } from './agent-supervisor';
import { LaunchPlanner } from './launch-planner';
import { isRestartDue, runOf, statusOf, type Phase, type Run, type Situation } from './machine';

export interface AgentFilter {
  readonly tag?: string;
  readonly capability?: string;
  readonly status?: AgentStatus;
}

/** What readers see of the agents: their definitions, and what is known of them now, put together at each read. */
@Injectable()
export class AgentDirectory {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly supervisor: AgentSupervisor,
    private readonly planner: LaunchPlanner,
    private readonly heartbeats: Heartbeats,
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
      .filter((view) => filter.status === undefined || view.status === filter.status);
  }

  private viewOf(agent: RegisteredAgent): AgentView {
    const { id: _id, registeredAt, updatedAt, ...definition } = agent;
    return {
      ...definition,
      env: maskedEnv(agent.env),
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
      status: situation === null || isExternal(agent) ? 'unknown' : statusOf(situation),
      pid: run?.process.pid ?? null,
      healthScore: null,
      restarts: situation?.state.restarts ?? 0,
      uptimeSeconds: run === null ? null : Math.max(0, Math.round((this.clock.wall() - run.upSince) / 100) / 10),
      memoryBytes: listed?.memoryBytes ?? null,
      cpuPercent: listed?.cpuPercent ?? null,
      nextAttemptAt: situation === null ? null : this.dueTime(situation),
      announced: this.heartbeats.announcedOf(agentId),
      pausedUntil: null,
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
    return this.wallTime(dueAt(situation.state.phase, situation.circuit.dueAt));
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
