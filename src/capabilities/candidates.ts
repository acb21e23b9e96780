import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { AgentActivity, AgentViews } from '../healing';
import { AgentRegistry } from '../registry';
import { CapabilityIndex } from './capability-index';
import { rankCandidates, type RankedCandidate } from './select';
import type { RouteMemory } from './route-memory';
import { StartsOnDemand } from './starts-on-demand';

/** Reads the candidates for a task: the agents with the capability, as they are now. */
@Injectable()
export class Candidates {
  private indexed = new CapabilityIndex([]);
  private indexedVersion = -1;

  constructor(
    private readonly registry: AgentRegistry,
    private readonly views: AgentViews,
    private readonly activity: AgentActivity,
    private readonly starts: StartsOnDemand,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Returns the index, rebuilt only after a definition has changed. */
  get index(): CapabilityIndex {
    if (this.indexedVersion !== this.registry.version) {
      this.indexed = new CapabilityIndex(this.registry.listAgents());
      this.indexedVersion = this.registry.version;
    }
    return this.indexed;
  }

  /**
   * Returns the agents for a task, the best first.
   *
   * @param memory what the route remembers; null: nothing is started for this task
   */
  rank(taskType: string, exclude: ReadonlySet<string>, memory: RouteMemory | null): RankedCandidate[] {
    const now = this.clock.now();
    const candidates = this.index.find(taskType).flatMap((agentId) => {
      const standing = this.views.standingOf(agentId);
      if (standing === null) return [];
      const { dueAt, stopAskedAt, ...facts } = standing;
      const candidate = {
        ...facts,
        turn: this.activity.turnOf(agentId),
        isExcluded: exclude.has(agentId),
        isBeingStarted: this.starts.isPending(agentId),
        hindrance: memory?.look({ agentId, status: standing.status, stopAskedAt }) ?? null,
        dueInMs: dueAt === null ? null : Math.max(0, dueAt - now),
      };
      return [candidate];
    });
    return rankCandidates(candidates);
  }
}
