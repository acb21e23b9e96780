import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import type { AgentHealth } from './agent-health';
import { hasFailed, NO_PROCESS, type CheckResult } from './check-result';
import { HealthAssessor } from './health-assessor';
import { HealthReports } from './health-reports';
import { Heartbeats } from './heartbeat/heartbeats';
import { outcomeOf, type HealthOutcome } from './outcome';
import { AgentProbe } from './probes/agent-probe';
import { WatchedAgents } from './watched-agents';
import { canBeProbed, runIdOf, type WatchTarget } from './watch-target';

/** Makes single checks of agents, and records those that count. */
@Injectable()
export class HealthChecks {
  constructor(
    private readonly watched: WatchedAgents,
    private readonly probe: AgentProbe,
    private readonly assessor: HealthAssessor,
    private readonly heartbeats: Heartbeats,
    private readonly reports: HealthReports,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Returns false if nothing can be learned about the agent: it has no process, or it is an external agent without a
   * health URL and without heartbeats.
   */
  canBeWatched(agentId: string, { isExternal, process }: WatchTarget): boolean {
    if (!isExternal) return process !== null;
    return this.hasUrl(agentId) || this.heartbeats.vitalsOf(agentId) !== null;
  }

  hasUrl(agentId: string): boolean {
    return this.probe.urlOf(agentId) !== null;
  }

  /** Probes an agent now. Never rejects. Records nothing. */
  async make(agentId: string, target: WatchTarget | null): Promise<CheckResult> {
    if (target === null || !canBeProbed(target)) return NO_PROCESS;
    const { incarnation } = target;
    const runId = incarnation === null ? null : runIdOf(incarnation);
    return this.probe.check(agentId, runId, this.watched.policyOf(agentId).timeoutMs);
  }

  /** Records a periodic check, and returns its outcome for healing. */
  record(agentId: string, health: AgentHealth, target: WatchTarget, check: CheckResult): HealthOutcome {
    const policy = this.watched.policyOf(agentId);
    const now = this.clock.now();
    const isFailed = hasFailed(check);
    const isYoung = target.upSince !== null && now - target.upSince < policy.graceMs;
    const withinGrace = isFailed && !health.history.wasGood && isYoung;
    const isBusy = this.assessor.isBusy(agentId, check, policy);
    health.noteCheck(check, { withinGrace, isBusy });
    const wasFailing = health.isFailing;
    health.noteMemory(this.assessor.measureMemory(agentId, target));
    const { failing } = this.assessor.assess(agentId, health, policy);
    const checkedAt = this.clock.wall();
    health.noteLatest(check, checkedAt, failing !== null);
    if (health.isLogDue(now, wasFailing !== health.isFailing)) this.reports.logCheck(agentId, check, checkedAt);
    const isMisconfigured = check.misconfigured !== undefined;
    return outcomeOf(check, {
      ...{ incarnation: target.incarnation, withinGrace, isBusy, limits: policy },
      failing: isMisconfigured ? this.assessor.verdictWithoutChecks(agentId, health, policy) : failing,
      vitals: this.heartbeats.vitalsOf(agentId),
      hasSentHeartbeats: this.heartbeats.hasSent(agentId),
    });
  }
}
