import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, isoTime, type AgentStatus, type Clock } from '../kernel';
import { AgentHealth } from './agent-health';
import { NO_PROCESS, NOT_PROBED, type CheckResult } from './check-result';
import { HealthAssessor } from './health-assessor';
import { HealthLog } from './health-log';
import { summaryOf, type HealthReport, type HealthResult } from './report';
import { WatchedAgents } from './watched-agents';
import { canBeProbed } from './watch-target';

/** Reports the health of agents from what is known, without probing any of them. */
@Injectable()
export class HealthReports {
  constructor(
    private readonly watched: WatchedAgents,
    private readonly assessor: HealthAssessor,
    private readonly log: HealthLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Returns the score, 0 to 100. Null if the agent should not run or was not checked yet. */
  score(agentId: string): number | null {
    const target = this.watched.targetOf(agentId);
    if (!target?.shouldRun) return null;
    if (!canBeProbed(target)) return 0;
    const health = this.watched.findHealth(agentId);
    if (!health?.isKnown(target.incarnation)) return null;
    return this.assessor.assess(agentId, health, this.watched.policyOf(agentId)).score;
  }

  /** Returns true while the verdict on the agent's present process is failing. */
  isFailing(agentId: string): boolean {
    const target = this.watched.targetOf(agentId);
    const health = this.watched.findHealth(agentId);
    return target !== null && health?.isKnown(target.incarnation) === true && health.isFailing;
  }

  /** Returns the status to show: an agent that should be up is `unhealthy` while its verdict is failing. */
  statusOf(agentId: string): AgentStatus {
    const status = this.watched.targetOf(agentId)?.status ?? 'unknown';
    // An agent that healing does not restart would otherwise show as `starting` for as long as it fails.
    const canShowUnhealthy = status === 'running' || status === 'starting';
    return canShowUnhealthy && this.isFailing(agentId) ? 'unhealthy' : status;
  }

  /** Returns the latest results of all agents. */
  reportAll(): HealthReport {
    const now = this.clock.wall();
    const results = this.watched
      .ids()
      .map((agentId) =>
        this.resultOf(agentId, this.latestOf(agentId), this.watched.findHealth(agentId)?.checkedAt ?? now),
      );
    return {
      generatedAt: isoTime(now),
      summary: summaryOf(results.map(({ agentId }) => this.statusOf(agentId))),
      agents: Object.fromEntries(results.map((result) => [result.agentId, result])),
    };
  }

  /**
   * Logs a check, and returns it as callers see it.
   *
   * @param checkedAt wall clock, whole milliseconds; the same time is shown for this check everywhere
   */
  logCheck(agentId: string, check: CheckResult, checkedAt: number): HealthResult {
    const result = this.resultOf(agentId, check, checkedAt);
    const { score: healthScore, responseMs, error } = result;
    this.log.append({ agentId, healthScore, responseMs, error, checkedAt });
    return result;
  }

  private resultOf(agentId: string, check: CheckResult, checkedAt: number): HealthResult {
    const target = this.watched.targetOf(agentId);
    const health = this.watched.findHealth(agentId) ?? new AgentHealth();
    // A check that did not probe anything has nothing to explain.
    const shown = check.responseMs === null ? health.latest : check;
    const policy = this.watched.policyOf(agentId);
    const { signals, failing, explanation } = this.assessor.assess(agentId, health, policy, shown);
    const isUp = target !== null && canBeProbed(target);
    return {
      agentId,
      healthy: isUp && check.ok && failing === null,
      score: this.score(agentId),
      responseMs: check.responseMs,
      statusCode: check.statusCode,
      error: check.error,
      checkedAt: isoTime(checkedAt),
      signals,
      explanation,
    };
  }

  private latestOf(agentId: string): CheckResult {
    const target = this.watched.targetOf(agentId);
    if (target !== null && !canBeProbed(target)) return NO_PROCESS;
    return this.watched.findHealth(agentId)?.latest ?? NOT_PROBED;
  }
}
