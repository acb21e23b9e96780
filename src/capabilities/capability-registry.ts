import { Injectable } from '@nestjs/common';
import { AgentViews } from '../healing';
import { AgentRegistry } from '../registry';
import { Candidates } from './candidates';
import { RouteHistory } from './route-history';
import { routeRequestOf, type RouteOptions } from './route-request';
import { listCandidates, reasonFor, type RoutedTask } from './routed-task';
import { TaskRouter } from './task-router';

const NONE: ReadonlySet<string> = new Set();

/**
 * Finds agents by capability, and routes tasks to them. The registry owns the capabilities; an index over its rows keeps
 * the cost of a lookup independent of the number of agents.
 */
@Injectable()
export class CapabilityRegistry {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly candidates: Candidates,
    private readonly router: TaskRouter,
    private readonly views: AgentViews,
    private readonly history: RouteHistory,
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
    const [best] = this.candidates.rank(capability, NONE, null);
    return best?.rejected === null ? best.agentId : null;
  }

  /**
   * Chooses the agent for a task, and records the choice. If no agent is usable, it starts a stopped one (`spawn`) and
   * waits for the first that becomes usable.
   *
   * @param options `waitSeconds`: 0 to 60, by default 10; a start on demand may take the time of its verification longer
   * @throws Problem `no-capable-agent` if no agent has the capability; `no-available-agent` if none of those that have
   * it became usable in time; the reason of `signal` once it is aborted
   */
  async routeTask(taskType: string, options: RouteOptions = {}): Promise<RoutedTask> {
    const request = routeRequestOf(taskType, options);
    const { best, ranked } = await this.router.route(request, options.signal);
    this.history.record(request, best);
    return {
      ...{ taskType, agentId: best.agentId, endpoint: this.views.endpointOf(best.agentId) },
      ...{ reason: reasonFor(best, ranked), candidates: listCandidates(ranked), traceparent: request.traceparent },
    };
  }

  /** Returns every registered capability with its agents, both sorted. */
  listCapabilities(): Record<string, string[]> {
    return this.candidates.index.list();
  }
}
