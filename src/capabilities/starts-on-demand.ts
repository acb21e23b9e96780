import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, detailOf, isProblem, Problem, withTimeout, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { AgentSupervisor, LaunchPlanner, resolvePolicy } from '../healing';
import { AgentRegistry } from '../registry';

/** Longest time for which a start is waited for. The operation itself goes on. */
const START_MS = 60_000;
/** Limit of {@link StartsOnDemand.longestVerificationMs}. */
const LONGEST_VERIFICATION_MS = 60_000;
const MAX_REASON = 300;

/** Why a start on demand did not bring up a process. */
export interface StartFailure {
  readonly reason: string;
  /** True if the start of any other agent would fail now, too. */
  readonly isCommon: boolean;
}

/** Starts stopped agents for tasks, each once at a time, through its mailbox. */
@Injectable()
export class StartsOnDemand {
  private readonly pending = new Map<string, Promise<StartFailure | null>>();

  constructor(
    private readonly planner: LaunchPlanner,
    private readonly supervisor: AgentSupervisor,
    private readonly registry: AgentRegistry,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  isPending(agentId: string): boolean {
    return this.pending.has(agentId);
  }

  /** Starts an agent, or joins its pending start. Never rejects. @returns null once it has a process */
  start(agentId: string): Promise<StartFailure | null> {
    const pending = this.pending.get(agentId);
    if (pending !== undefined) return pending;
    const started = this.command(agentId).then(
      () => null,
      (error: unknown) => ({ reason: detailOf(error).slice(0, MAX_REASON), isCommon: isCommonFailure(error) }),
    );
    const settled = started.finally(() => this.pending.delete(agentId));
    this.pending.set(agentId, settled);
    return settled;
  }

  /** Returns the longest time that one of the agents needs for its verification, in milliseconds, at most a minute. */
  longestVerificationMs(agentIds: readonly string[]): number {
    const times = agentIds.map((agentId) => {
      const { policy } = this.registry.getAgent(agentId);
      return resolvePolicy(this.settings, policy).verifyMs;
    });
    return Math.min(Math.max(0, ...times), LONGEST_VERIFICATION_MS);
  }

  private async command(agentId: string): Promise<void> {
    this.planner.check(agentId);
    const start = { type: 'start-asked', by: 'routing', mayTrial: false } as const;
    await withTimeout(this.clock, this.supervisor.command(agentId, start, 'up'), START_MS, () => unanswered(agentId));
  }
}

function isCommonFailure(error: unknown): boolean {
  return isProblem(error, 'process-manager-unavailable') || isProblem(error, 'database-unavailable');
}

function unanswered(agentId: string): Problem {
  const detail = `PM2 has not answered yet. The start of ${agentId} is not cancelled.`;
  return new Problem('process-manager-unavailable', detail);
}
