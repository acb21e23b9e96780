import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type AgentStatus, type Clock } from '../kernel';
import { CheckLoop } from './check-loop';
import { HealthChecks } from './health-checks';
import { HealthReports } from './health-reports';
import { Heartbeats } from './heartbeat/heartbeats';
import type { HealthReport, HealthResult } from './report';
import { WatchedAgents } from './watched-agents';

/** Minimum time between two requested checks of one agent. */
const REQUESTED_MS = 1_000;

/** Watches the health of all agents, answers what is known of it, and reports the outcomes of checks to healing. */
@Injectable()
export class HealthMonitor {
  constructor(
    private readonly watched: WatchedAgents,
    private readonly loop: CheckLoop,
    private readonly checks: HealthChecks,
    private readonly reports: HealthReports,
    private readonly heartbeats: Heartbeats,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Starts the check loop. A second call replaces the first.
   *
   * @param intervalSeconds check interval of agents whose policy has none
   */
  startLoop(intervalSeconds: number): void {
    this.watched.intervalSeconds = intervalSeconds;
    this.loop.start();
  }

  stopLoop(): void {
    this.loop.stop();
  }

  /**
   * Checks an agent now, on request. The result is shown and logged but not counted. Calls within one second share a
   * check.
   *
   * @throws Problem agent-not-found
   */
  async check(agentId: string): Promise<HealthResult> {
    this.watched.requireRegistered(agentId);
    const health = this.watched.healthOf(agentId);
    const now = this.clock.now();
    if (health.requested === null || now - health.requested.at >= REQUESTED_MS) {
      health.requested = { at: now, result: this.checkNow(agentId) };
    }
    return health.requested.result;
  }

  /** Checks all agents now, like {@link check}. */
  checkAll(): Promise<HealthResult[]> {
    return Promise.all(this.watched.ids().map((agentId) => this.check(agentId)));
  }

  /** Returns the score, 0 to 100. Null if the agent should not run or was not checked yet. */
  score(agentId: string): number | null {
    return this.reports.score(agentId);
  }

  /** Returns true while the verdict on the agent's present process is failing. */
  isFailing(agentId: string): boolean {
    return this.reports.isFailing(agentId);
  }

  /** Returns the status to show: an agent that should be up is `unhealthy` while its verdict is failing. */
  statusOf(agentId: string): AgentStatus {
    return this.reports.statusOf(agentId);
  }

  /**
   * Returns when the agent's present process last said that it is busy; null: it did not.
   *
   * @returns `until`: the time at which that heartbeat is no longer fresh; null: a later heartbeat says not busy
   */
  busyOf(agentId: string): { readonly at: number; readonly until: number | null } | null {
    const busy = this.heartbeats.busyOf(agentId);
    if (busy === null) return null;
    const { heartbeatTimeoutMs } = this.watched.policyOf(agentId);
    return { at: busy.at, until: busy.isStill ? busy.at + heartbeatTimeoutMs : null };
  }

  /** Returns true if the agent has a health URL. */
  hasUrl(agentId: string): boolean {
    return this.checks.hasUrl(agentId);
  }

  /** Returns the latest results of all agents without probing any of them. */
  getReport(): HealthReport {
    return this.reports.reportAll();
  }

  /** Handles a resume after a suspend: earlier failures form no streak, and no agent was late. */
  onResume(): void {
    this.loop.onResume();
    this.heartbeats.onResume();
    this.watched.onResume();
  }

  /** Forgets the checks and the heartbeats of an unregistered agent. */
  forget(agentId: string): void {
    this.heartbeats.forget(agentId);
    this.watched.forget(agentId);
  }

  private async checkNow(agentId: string): Promise<HealthResult> {
    const check = await this.checks.make(agentId, this.watched.targetOf(agentId));
    return this.reports.logCheck(agentId, check, this.clock.wall());
  }
}
