import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, Problem, type Clock } from '../kernel';
import { EventLog } from '../events';
import { AgentViews } from '../healing';
import { WriteQueue } from '../persistence';
import { AgentRegistry } from '../registry';
import { rankCandidates, type RankedCandidate } from './select';

export interface RouteOptions {
  /** Agents that must not be chosen. */
  readonly exclude?: readonly string[];
}

export interface RoutedCandidate {
  readonly agentId: string;
  readonly score: number | null;
  readonly status: string;
  readonly rejected?: string;
}

/** Destination of a task, and why it was chosen. */
export interface RoutedTask {
  readonly taskType: string;
  readonly agentId: string;
  /** null: neither the run nor the definition names an endpoint. */
  readonly endpoint: string | null;
  readonly reason: string;
  readonly candidates: readonly RoutedCandidate[];
}

/**
 * Finds agents by capability. It indexes the rows of the registry, which owns the capabilities, so that a lookup costs
 * the same for any number of agents.
 */
@Injectable()
export class CapabilityRegistry {
  private index = new Map<string, string[]>();
  private indexedVersion = -1;
  private readonly chosenAt = new Map<string, number>();

  constructor(
    private readonly registry: AgentRegistry,
    private readonly views: AgentViews,
    private readonly events: EventLog,
    private readonly queue: WriteQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Replaces the capabilities of an agent.
   *
   * @throws Problem `agent-not-found`, `invalid-request`, `operation-in-progress`, `database-unavailable`
   */
  async registerCapabilities(agentId: string, capabilities: readonly string[]): Promise<void> {
    await this.registry.update(agentId, { capabilities });
  }

  /** Returns the agent that a task of this capability would go to now; null if no agent is usable. */
  findCapableAgent(capability: string): string | null {
    const [best] = this.candidatesFor(capability, []);
    return best?.rejected === null ? best.agentId : null;
  }

  /**
   * Chooses the agent for a task, and records the choice.
   *
   * @throws Problem `no-capable-agent` if no agent has the capability; `no-available-agent` if none of those that have
   * it is usable now
   */
  routeTask(taskType: string, { exclude = [] }: RouteOptions = {}): RoutedTask {
    const candidates = this.candidatesFor(taskType, exclude);
    const [best] = candidates;
    if (best === undefined) {
      throw new Problem(
        'no-capable-agent',
        `No agent has the capability ${taskType}. GET /api/capabilities lists all capabilities.`,
      );
    }
    if (best.rejected !== null) {
      const why = candidates.map(({ agentId, rejected }) => `${agentId}: ${rejected ?? ''}`).join('; ');
      throw new Problem(
        'no-available-agent',
        `Agents have the capability ${taskType}, but none is available now (${why}). Retry later.`,
      );
    }
    this.chosenAt.set(best.agentId, this.clock.now());
    this.record(taskType, best);
    const { announced, endpoint } = this.views.view(best.agentId);
    return {
      taskType,
      agentId: best.agentId,
      endpoint: announced?.endpoint ?? endpoint,
      reason: reasonFor(best, candidates),
      candidates: candidates.map(({ agentId, score, status, rejected }) => ({
        ...{ agentId, score, status },
        ...(rejected === null ? {} : { rejected }),
      })),
    };
  }

  /** Returns every capability with its agents, both sorted. */
  listCapabilities(): Record<string, string[]> {
    const entries = [...this.current()].map(([capability, agentIds]) => [capability, [...agentIds].sort()] as const);
    return Object.fromEntries(entries.sort(([left], [right]) => left.localeCompare(right)));
  }

  private candidatesFor(capability: string, exclude: readonly string[]): RankedCandidate[] {
    const agentIds = this.current().get(capability) ?? [];
    return rankCandidates(
      agentIds.map((agentId) => {
        const { healthScore, status, circuit } = this.views.view(agentId);
        return {
          ...{ agentId, status, score: healthScore, circuit: circuit.state },
          ...{ chosenAt: this.chosenAt.get(agentId) ?? null, isExcluded: exclude.includes(agentId) },
        };
      }),
    );
  }

  /** Returns the index, rebuilt only after a definition has changed. */
  private current(): ReadonlyMap<string, readonly string[]> {
    if (this.indexedVersion === this.registry.version) return this.index;
    const index = new Map<string, string[]>();
    for (const { agentId, capabilities } of this.registry.listAgents()) {
      for (const capability of capabilities) {
        const known = index.get(capability);
        if (known === undefined) index.set(capability, [agentId]);
        else known.push(agentId);
      }
    }
    this.index = index;
    this.indexedVersion = this.registry.version;
    return index;
  }

  /** Records the choice without waiting for the disk. It is only history, so routing must not depend on it. */
  private record(taskType: string, { agentId, score }: RankedCandidate): void {
    const event = {
      ...{ agentId, type: 'task.routed' as const, data: { taskType, score }, occurredAt: this.clock.wall() },
    };
    void this.queue.submitEventually((tx) => {
      this.events.append(tx, [event]);
    }, event.type);
  }
}

function reasonFor(best: RankedCandidate, candidates: readonly RankedCandidate[]): string {
  const available = candidates.filter(({ rejected }) => rejected === null).length;
  if (available === 1)
    return candidates.length === 1 ? 'the only agent with this capability' : 'the only agent that is available now';
  const score = best.score === null ? 'not checked yet' : `score ${best.score}`;
  return `best of ${available} available agents: ${score}, least recently chosen among similar scores`;
}
