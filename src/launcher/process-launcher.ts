import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, invalid, isExternal, isProblem, messageOf, Problem, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { TokenBudgets } from '../health';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import { AgentSupervisor, healingPolicy, LaunchPlanner, LONGEST_PAUSE_MS, runOf, type HealingPolicy } from '../healing';

/** What became of one agent of a bulk operation. */
export interface BulkResult {
  readonly agentId: string;
  readonly ok: boolean;
  readonly pid?: number;
  /** A stable code. */
  readonly error?: string;
}

export interface RestartOptions {
  /** Pause between terminate and spawn; the agent's policy says how long unless told. */
  readonly delaySeconds?: number;
  readonly reason?: string;
}

/** Beyond everything that an operation waits for by itself: PM2 answers by then, or does not. */
const ANSWER_MARGIN_MS = 30_000;

/**
 * Starts and ends agents. Each call posts to the agent's mailbox and waits for its answer, so that calling it is as safe
 * as the route: calls that meet on one agent queue, join, or overtake each other as `DECISIONS.md` says.
 */
@Injectable()
export class ProcessLauncher {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly supervisor: AgentSupervisor,
    private readonly planner: LaunchPlanner,
    private readonly tokens: TokenBudgets,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Starts an agent; one that runs already stays as it is.
   *
   * @returns its pid; null: it had ended again before the answer, and healing has it now
   * @throws Problem agent-not-found, external-agent, entry-point-not-found, interpreter-not-found, launch-failed,
   * operation-in-progress, process-manager-unavailable, database-unavailable
   */
  async spawn(agentId: string): Promise<number | null> {
    const agent = this.managed(agentId);
    if (!this.isRunning(agentId)) this.planner.check(agentId);
    await this.limited(
      agent,
      0,
      this.supervisor.command(agentId, { type: 'start-asked', by: 'operator', mayTrial: true }, 'up'),
    );
    return this.getPid(agentId);
  }

  /** Starts all agents that carry one of the tags, or all when there are none; halted ones are left alone. */
  async spawnAll(tags: readonly string[] = []): Promise<BulkResult[]> {
    const agents = this.tagged(tags);
    return Promise.all(agents.map((agent) => this.bulk(agent, () => this.spawnUnlessHalted(agent))));
  }

  /**
   * Ends an agent and everything it started. Healing leaves it alone from then on.
   *
   * @returns `recorded` false: it was done, but the database could not take it yet
   */
  async terminate(agentId: string): Promise<{ readonly recorded: boolean }> {
    const agent = this.managed(agentId);
    const { killTimeoutMs } = this.policyOf(agent);
    return this.limited(
      agent,
      killTimeoutMs,
      this.supervisor.command(agentId, { type: 'stop-asked', by: 'a terminate', looked: true }, 'down'),
    );
  }

  async terminateAll(tags: readonly string[] = []): Promise<BulkResult[]> {
    return Promise.all(
      this.tagged(tags).map((agent) =>
        this.bulk(agent, async () => {
          await this.terminate(agent.agentId);
          return null;
        }),
      ),
    );
  }

  /**
   * Terminates, waits, and spawns; an agent that does not run is started. What cannot be launched is refused before
   * anything is ended.
   *
   * @returns the new pid
   */
  async restart(agentId: string, options: RestartOptions = {}): Promise<number | null> {
    const agent = this.managed(agentId);
    this.planner.check(agentId);
    const policy = this.policyOf(agent);
    const delayMs = options.delaySeconds === undefined ? policy.restartDelayMs : options.delaySeconds * 1_000;
    const reason = options.reason ?? 'asked';
    // A person who restarts what was stopped for its spending lets it spend again.
    if (this.supervisor.circuitOf(agentId).state === 'OPEN') await this.tokens.reset(agentId);
    await this.limited(
      agent,
      policy.killTimeoutMs + delayMs,
      this.supervisor.command(agentId, { type: 'restart-asked', reason, delayMs }, 'up'),
    );
    return this.getPid(agentId);
  }

  /** Circuit CLOSED and count 0; what should run is started. A start that then fails is healing's matter. */
  async resetCircuit(agentId: string): Promise<void> {
    const agent = this.registry.getAgent(agentId);
    await this.tokens.reset(agentId);
    const reset = this.supervisor.command(agentId, { type: 'reset-asked' }, 'up');
    try {
      await this.limited(agent, 0, reset);
    } catch (error) {
      if (isProblem(error, 'database-unavailable')) throw error;
    }
  }

  /**
   * While it is paused (for debugging) healing observes and records, but neither kills nor starts it; a person still may.
   *
   * @param minutes more than 0, up to a week
   * @throws Problem agent-not-found, invalid-request, database-unavailable
   */
  async pause(agentId: string, minutes: number): Promise<void> {
    this.registry.getAgent(agentId);
    const pauseMs = minutes * 60_000;
    if (!(pauseMs > 0 && pauseMs <= LONGEST_PAUSE_MS))
      throw invalid([{ pointer: '/minutes', detail: `must be more than 0 and at most ${LONGEST_PAUSE_MS / 60_000}` }]);
    const until = this.clock.now() + pauseMs;
    await this.supervisor.command(agentId, { type: 'pause-asked', until }, 'decided');
  }

  /** Healing takes over again; one that is not paused stays as it is. */
  async resume(agentId: string): Promise<void> {
    this.registry.getAgent(agentId);
    await this.supervisor.command(agentId, { type: 'resume-asked' }, 'decided');
  }

  getPid(agentId: string): number | null {
    const phase = this.supervisor.situation(agentId)?.state.phase;
    return phase === undefined ? null : (runOf(phase)?.process.pid ?? null);
  }

  /** True while there is a process that is meant to be there. */
  isRunning(agentId: string): boolean {
    const phase = this.supervisor.situation(agentId)?.state.phase;
    return phase?.kind === 'verifying' || phase?.kind === 'running';
  }

  private managed(agentId: string): RegisteredAgent {
    const agent = this.registry.getAgent(agentId);
    if (!isExternal(agent)) return agent;
    throw new Problem(
      'external-agent',
      `${agentId} has no entry point: it is started and stopped elsewhere, and only watched here.`,
    );
  }

  private policyOf(agent: RegisteredAgent): HealingPolicy {
    return healingPolicy(this.settings, agent.policy);
  }

  private tagged(tags: readonly string[]): RegisteredAgent[] {
    return this.registry
      .listAgents()
      .filter((agent) => !isExternal(agent) && (tags.length === 0 || agent.tags.some((tag) => tags.includes(tag))));
  }

  private async spawnUnlessHalted(agent: RegisteredAgent): Promise<number | null> {
    const { agentId } = agent;
    if (!this.isRunning(agentId)) this.planner.check(agentId);
    await this.limited(
      agent,
      0,
      this.supervisor.command(agentId, { type: 'start-asked', by: 'operator', mayTrial: false }, 'up'),
    );
    return this.getPid(agentId);
  }

  private async bulk(agent: RegisteredAgent, act: () => Promise<number | null>): Promise<BulkResult> {
    const { agentId } = agent;
    try {
      const pid = await act();
      return pid === null ? { agentId, ok: true } : { agentId, ok: true, pid };
    } catch (error) {
      const phase = this.supervisor.situation(agentId)?.state.phase;
      const halted = phase?.kind === 'down' && phase.why === 'halted';
      return { agentId, ok: false, error: halted ? 'halted' : isProblem(error) ? error.code : messageOf(error) };
    }
  }

  /** An answer is waited for as long as the operation may rightly take; what it becomes then is seen in the view. */
  private limited<T>(agent: RegisteredAgent, ownMs: number, operation: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(ownMs + ANSWER_MARGIN_MS, () => {
        reject(
          new Problem(
            'process-manager-unavailable',
            `PM2 has not answered yet. What was asked of ${agent.agentId} is kept and its outcome is being observed; look at GET /api/agents/${agent.agentId}.`,
          ),
        );
      });
      operation
        .then(resolve, (error: unknown) => {
          reject(error instanceof Error ? error : new Error(messageOf(error)));
        })
        .finally(() => {
          timer.cancel();
        });
    });
  }
}
