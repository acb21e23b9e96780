import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, invalid, isExternal, isProblem, messageOf, Problem, withTimeout, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import {
  ASKED,
  AgentSupervisor,
  resolvePolicy,
  LaunchPlanner,
  LONGEST_PAUSE_MS,
  runOf,
  type HealingPolicy,
} from '../healing';

/** Result of a bulk operation for one agent. */
export interface BulkResult {
  readonly agentId: string;
  readonly ok: boolean;
  readonly pid?: number;
  /** Stable code. */
  readonly error?: string;
}

export interface RestartOptions {
  /** Pause between terminate and spawn, in seconds. Defaults to the agent's policy. */
  readonly delaySeconds?: number;
  readonly reason?: string;
}

/** Time for PM2 to answer, in addition to the time that the operation itself takes. */
const ANSWER_MARGIN_MS = 30_000;

/**
 * Starts and terminates agents. Each call posts to the agent's mailbox and waits for the answer, so it is as safe as
 * the REST route. A later stop supersedes a waiting start, and the reverse. A second start joins the first.
 */
@Injectable()
export class ProcessLauncher {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly supervisor: AgentSupervisor,
    private readonly planner: LaunchPlanner,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Starts an agent; a running one is left alone.
   *
   * @returns its pid; null if it exited again before the answer, which healing handles
   * @throws Problem `agent-not-found`, `external-agent`, `entry-point-not-found`, `interpreter-not-found`,
   * `launch-failed`, `operation-in-progress`, `process-manager-unavailable`, `database-unavailable`
   */
  async spawn(agentId: string): Promise<number | null> {
    const agent = this.getManagedAgent(agentId);
    if (!this.isRunning(agentId)) this.planner.check(agentId);
    await this.limitWait(
      agent,
      0,
      this.supervisor.command(agentId, { type: 'start-asked', by: 'operator', mayTrial: true }, 'up'),
    );
    return this.getPid(agentId);
  }

  /** Starts all agents that have one of the tags, or all agents if no tag is given. Halted agents are not started. */
  async spawnAll(tags: readonly string[] = []): Promise<BulkResult[]> {
    const agents = this.listTagged(tags);
    return Promise.all(agents.map((agent) => this.collectResult(agent, () => this.spawnUnlessHalted(agent))));
  }

  /**
   * Kills an agent and all its descendants. It stays stopped until the operator starts it.
   *
   * @returns `recorded` false if the agent was stopped but the database could not save that yet
   */
  async terminate(agentId: string): Promise<{ readonly recorded: boolean }> {
    const agent = this.getManagedAgent(agentId);
    const { killTimeoutMs } = this.policyOf(agent);
    return this.limitWait(
      agent,
      killTimeoutMs,
      this.supervisor.command(agentId, { type: 'stop-asked', by: 'the operator', hasFreshSnapshot: true }, 'down'),
    );
  }

  async terminateAll(tags: readonly string[] = []): Promise<BulkResult[]> {
    return Promise.all(
      this.listTagged(tags).map((agent) =>
        this.collectResult(agent, async () => {
          await this.terminate(agent.agentId);
          return null;
        }),
      ),
    );
  }

  /**
   * Terminates, waits, and spawns; a stopped agent is started. If it cannot be launched, the call fails before the old
   * process is killed.
   *
   * @returns the new pid; null if it exited again before the answer
   */
  async restart(agentId: string, options: RestartOptions = {}): Promise<number | null> {
    const agent = this.getManagedAgent(agentId);
    this.planner.check(agentId);
    const policy = this.policyOf(agent);
    const delayMs = options.delaySeconds === undefined ? policy.restartDelayMs : options.delaySeconds * 1_000;
    const reason = options.reason ?? ASKED;
    await this.limitWait(
      agent,
      policy.killTimeoutMs + delayMs,
      this.supervisor.command(agentId, { type: 'restart-asked', reason, delayMs }, 'up'),
    );
    return this.getPid(agentId);
  }

  /**
   * Resets the circuit to CLOSED with count 0, and starts the agent if it should run. A failure of that start is
   * handled by healing, not reported to the caller.
   */
  async resetCircuit(agentId: string): Promise<void> {
    const agent = this.registry.getAgent(agentId);
    const reset = this.supervisor.command(agentId, { type: 'reset-asked' }, 'up');
    try {
      await this.limitWait(agent, 0, reset);
    } catch (error) {
      if (isProblem(error, 'database-unavailable')) throw error;
    }
  }

  /**
   * Pauses healing of an agent, for debugging. Healing then observes and records, but neither kills nor starts it. The
   * operator still may.
   *
   * @param minutes more than 0, up to a week
   * @throws Problem `agent-not-found`, `invalid-request`, `database-unavailable`
   */
  async pause(agentId: string, minutes: number): Promise<void> {
    this.registry.getAgent(agentId);
    const pauseMs = minutes * 60_000;
    if (!(pauseMs > 0 && pauseMs <= LONGEST_PAUSE_MS))
      throw invalid([{ pointer: '/minutes', detail: `must be more than 0 and at most ${LONGEST_PAUSE_MS / 60_000}` }]);
    const until = this.clock.now() + pauseMs;
    await this.supervisor.command(agentId, { type: 'pause-asked', until }, 'decided');
  }

  /** Resumes healing at once; does nothing if the agent is not paused. */
  async resume(agentId: string): Promise<void> {
    this.registry.getAgent(agentId);
    await this.supervisor.command(agentId, { type: 'resume-asked' }, 'decided');
  }

  getPid(agentId: string): number | null {
    const phase = this.supervisor.machineState(agentId)?.state.phase;
    return phase === undefined ? null : (runOf(phase)?.process.pid ?? null);
  }

  /** Returns true while the agent has a process that should run. */
  isRunning(agentId: string): boolean {
    const phase = this.supervisor.machineState(agentId)?.state.phase;
    return phase?.kind === 'verifying' || phase?.kind === 'running';
  }

  private getManagedAgent(agentId: string): RegisteredAgent {
    const agent = this.registry.getAgent(agentId);
    if (!isExternal(agent)) return agent;
    throw new Problem(
      'external-agent',
      `${agentId} has no entry point, so the supervisor only watches it. Start and stop it where it runs.`,
    );
  }

  private policyOf(agent: RegisteredAgent): HealingPolicy {
    return resolvePolicy(this.settings, agent.policy);
  }

  private listTagged(tags: readonly string[]): RegisteredAgent[] {
    return this.registry
      .listAgents()
      .filter((agent) => !isExternal(agent) && (tags.length === 0 || agent.tags.some((tag) => tags.includes(tag))));
  }

  private async spawnUnlessHalted(agent: RegisteredAgent): Promise<number | null> {
    const { agentId } = agent;
    if (!this.isRunning(agentId)) this.planner.check(agentId);
    await this.limitWait(
      agent,
      0,
      this.supervisor.command(agentId, { type: 'start-asked', by: 'operator', mayTrial: false }, 'up'),
    );
    return this.getPid(agentId);
  }

  private async collectResult(agent: RegisteredAgent, act: () => Promise<number | null>): Promise<BulkResult> {
    const { agentId } = agent;
    try {
      const pid = await act();
      return pid === null ? { agentId, ok: true } : { agentId, ok: true, pid };
    } catch (error) {
      const phase = this.supervisor.machineState(agentId)?.state.phase;
      const isHalted = phase?.kind === 'down' && phase.why === 'halted';
      return { agentId, ok: false, error: isHalted ? 'halted' : isProblem(error) ? error.code : messageOf(error) };
    }
  }

  /** Limits the wait for an answer, not the operation: it continues, and the view shows its outcome later. */
  private limitWait<T>(agent: RegisteredAgent, ownMs: number, operation: Promise<T>): Promise<T> {
    return withTimeout(
      this.clock,
      operation,
      ownMs + ANSWER_MARGIN_MS,
      () =>
        new Problem(
          'process-manager-unavailable',
          `PM2 has not answered yet. The operation on ${agent.agentId} is not cancelled. Check GET /api/agents/${agent.agentId} before you retry.`,
        ),
    );
  }
}
