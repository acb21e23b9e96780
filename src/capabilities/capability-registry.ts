import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, Problem, type Clock } from '../kernel';
import { EventLog } from '../events';
import { AgentDirectory } from '../healing';
import { WriteQueue } from '../persistence';
import { AgentRegistry } from '../registry';
import { ranked, type Ranked } from './select';

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

/** Where a task is to be sent, and why. */
export interface RoutedTask {
  readonly taskType: string;
  readonly agentId: string;
  /** null: it has told none. */
  readonly endpoint: string | null;
  readonly reason: string;
  readonly candidates: readonly RoutedCandidate[];
}

/**
 * Who can do what: an index over the rows of the registry, which owns them, so that a look costs the same for any number of
 * agents.
 */
@Injectable()
export class CapabilityRegistry {
  private index = new Map<string, string[]>();
  private indexedVersion = -1;
  private readonly chosenAt = new Map<string, number>();

  constructor(
    private readonly registry: AgentRegistry,
    private readonly directory: AgentDirectory,
    private readonly events: EventLog,
    private readonly queue: WriteQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Replaces what an agent can do. @throws Problem agent-not-found, invalid-request, operation-in-progress, database-unavailable */
  async registerCapabilities(agentId: string, capabilities: readonly string[]): Promise<void> {
    await this.registry.update(agentId, { capabilities });
  }

  /** The agent that a task of this capability would go to now; null: nobody is able. */
  findCapableAgent(capability: string): string | null {
    const [best] = this.candidatesFor(capability, []);
    return best?.rejected === null ? best.agentId : null;
  }

  /**
   * Chooses the agent for a task, and records that.
   *
   * @throws Problem `no-capable-agent`: nobody can do it; `no-available-agent`: somebody can, and none is able now
   */
  routeTask(taskType: string, { exclude = [] }: RouteOptions = {}): RoutedTask {
    const candidates = this.candidatesFor(taskType, exclude);
    const [best] = candidates;
    if (best === undefined) {
      throw new Problem(
        'no-capable-agent',
        `No agent can do ${taskType}. GET /api/capabilities lists what can be done.`,
      );
    }
    if (best.rejected !== null) {
      const why = candidates.map(({ agentId, rejected }) => `${agentId}: ${rejected ?? ''}`).join('; ');
      throw new Problem('no-available-agent', `Agents can do ${taskType}, but none is able now (${why}).`);
    }
    this.chosenAt.set(best.agentId, this.clock.now());
    this.record(taskType, best);
    const { announced, endpoint } = this.directory.view(best.agentId);
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

  /** Every capability with those who have it, both in order. */
  listCapabilities(): Record<string, string[]> {
    const entries = [...this.current()].map(([capability, agentIds]) => [capability, [...agentIds].sort()] as const);
    return Object.fromEntries(entries.sort(([left], [right]) => left.localeCompare(right)));
  }

  private candidatesFor(capability: string, exclude: readonly string[]): Ranked[] {
    const agentIds = this.current().get(capability) ?? [];
    return ranked(
      agentIds.map((agentId) => {
        const { healthScore, status, circuit } = this.directory.view(agentId);
        return {
          ...{ agentId, status, score: healthScore, circuit: circuit.state },
          ...{ chosenAt: this.chosenAt.get(agentId) ?? null, isExcluded: exclude.includes(agentId) },
        };
      }),
    );
  }

  /** Made anew only once a row has changed. */
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

  /** A task does not wait for the disk: that it was routed is history, and changes nothing. */
  private record(taskType: string, { agentId, score }: Ranked): void {
    const event = {
      ...{ agentId, type: 'task.routed' as const, data: { taskType, score }, occurredAt: this.clock.wall() },
    };
    void this.queue.submitEventually((tx) => {
      this.events.append(tx, [event]);
    }, event.type);
  }
}

function reasonFor(best: Ranked, candidates: readonly Ranked[]): string {
  const able = candidates.filter(({ rejected }) => rejected === null).length;
  if (able === 1) return candidates.length === 1 ? 'the only one that can do it' : 'the only one that is able now';
  const score = best.score === null ? 'not checked yet' : `score ${best.score}`;
  return `best of ${able} that are able: ${score}, and least recently chosen among its like`;
}
