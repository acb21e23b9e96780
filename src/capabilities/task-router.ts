import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { AgentActivity, AgentWaits } from '../healing';
import { Candidates } from './candidates';
import { isStartingOnDemand, nextStep, type NextStep } from './next-step';
import { RouteMemory } from './route-memory';
import type { RouteRequest } from './route-request';
import { noAvailableAgent, noCapableAgent } from './routed-task';
import type { RankedCandidate } from './select';
import { StartsOnDemand } from './starts-on-demand';

/**
 * Longest time between two looks at the candidates. Changes of a candidate are reported at once; only an agent that gets
 * the capability while a route waits is found by the next look.
 */
const LOOK_AGAIN_MS = 1_000;

/** Reason for which a route ends a wait to look at the candidates again. */
const WOKEN = new Error('a start failed');

/** Agent that a task goes to, with all candidates, the best first. */
export interface Choice {
  readonly best: RankedCandidate;
  readonly ranked: readonly RankedCandidate[];
}

interface Look {
  readonly ranked: readonly RankedCandidate[];
  readonly step: NextStep;
}

/** A route in progress. */
interface Route {
  readonly request: RouteRequest;
  readonly memory: RouteMemory;
  readonly begunAt: number;
  /** Agents whose starts this route has requested or joined. */
  readonly started: Set<string>;
  /** Ends the present wait. */
  wake: () => void;
}

/** Chooses the agent for a task: one that is usable, else the first that becomes usable in time. */
@Injectable()
export class TaskRouter {
  constructor(
    @Inject(Candidates) private readonly candidates: Pick<Candidates, 'rank'>,
    @Inject(StartsOnDemand) private readonly starts: Pick<StartsOnDemand, 'start' | 'longestVerificationMs'>,
    private readonly waits: AgentWaits,
    @Inject(AgentActivity) private readonly activity: Pick<AgentActivity, 'noteTask'>,
    @Inject(CLOCK) private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /**
   * Chooses an agent. The choice counts as its activity from the same turn of the event loop on, so that the idle timer
   * cannot stop an agent between the choice and the answer.
   *
   * @throws Problem `no-capable-agent`, `no-available-agent`; the reason of `signal` once it is aborted
   */
  async route(request: RouteRequest, signal?: AbortSignal): Promise<Choice> {
    const started = new Set<string>();
    const route: Route = {
      ...{ request, memory: new RouteMemory(), begunAt: this.clock.now(), started },
      wake: () => undefined,
    };
    for (;;) {
      signal?.throwIfAborted();
      const { ranked, step } = this.advance(route);
      if (step.kind === 'use') return this.choose(step.candidate, ranked);
      if (step.kind === 'unknown') throw noCapableAgent(request.taskType);
      const leftMs = step.kind === 'refuse' ? 0 : this.leftMs(route, ranked);
      if (leftMs <= 0) throw noAvailableAgent(request.taskType, ranked, this.clock.now() - route.begunAt);
      await this.nextChange(route, ranked, Math.min(leftMs, LOOK_AGAIN_MS), signal);
    }
  }

  /** Looks at the candidates, and starts one if that is the next step. */
  private advance(route: Route): Look {
    const look = this.look(route);
    if (look.step.kind === 'start') this.start(route, look.step.agentId);
    // Another route may have begun the start. Its failure must be known here too.
    for (const { agentId, isBeingStarted } of look.ranked) if (isBeingStarted) this.start(route, agentId);
    return look.step.kind === 'start' ? this.look(route) : look;
  }

  private look({ request: { taskType, exclude, spawn }, memory }: Route): Look {
    const ranked = this.candidates.rank(taskType, exclude, memory);
    return { ranked, step: nextStep(ranked, { spawn }) };
  }

  private start(route: Route, agentId: string): void {
    if (route.started.has(agentId)) return;
    route.started.add(agentId);
    void this.starts.start(agentId).then((failure) => {
      if (failure === null) route.memory.noteStarted(agentId);
      else route.memory.noteFailure(agentId, failure.reason, failure.isCommon);
      route.wake();
    });
  }

  private choose(best: RankedCandidate, ranked: readonly RankedCandidate[]): Choice {
    this.activity.noteTask(best.agentId);
    return { best, ranked };
  }

  /** Returns how long the route may still wait. A start on demand may take the time of its verification longer. */
  private leftMs({ request: { waitMs }, begunAt }: Route, ranked: readonly RankedCandidate[]): number {
    if (waitMs === 0) return 0;
    const starting = ranked.filter(isStartingOnDemand).map(({ agentId }) => agentId);
    return begunAt + waitMs + this.starts.longestVerificationMs(starting) - this.clock.now();
  }

  /** Waits until the next step is another one, a start fails, or `timeoutMs` are over. */
  private async nextChange(
    route: Route,
    ranked: readonly RankedCandidate[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wait = new AbortController();
    const onAbort = () => {
      wait.abort(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    route.wake = () => {
      wait.abort(WOKEN);
    };
    const hasChanged = () => (this.look(route).step.kind === 'wait' ? null : true);
    try {
      const agentIds = ranked.map(({ agentId }) => agentId);
      await this.waits.until(agentIds, hasChanged, { timeoutMs, signal: wait.signal });
    } catch (error) {
      if (error !== WOKEN) throw error;
    } finally {
      route.wake = () => undefined;
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
