import { Inject, Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CLOCK, RANDOM, type Clock, type Random } from '../kernel';
import type { AgentHealth } from './agent-health';
import { firstCheckAt, nextCheckAt } from './check-schedule';
import { hasFailed } from './check-result';
import { HealthChecks } from './health-checks';
import { LoopErrors } from './loop-errors';
import { LoopLag } from './loop-lag';
import { HEALTH_LISTENER, type HealthListener } from './ports';
import { WatchedAgents } from './watched-agents';
import { presenceOf, type WatchTarget } from './watch-target';

const INTERVAL_NAME = 'health';
const TICK_MS = 250;
/** Event-loop delays up to this never discard a failed check, however short the check's timeout is. */
const LEAST_LAG_MS = 1_000;

/**
 * Checks each agent on its own schedule, so that checks do not come in bursts. A slow agent delays no other agent, and
 * checks of one agent never overlap.
 */
@Injectable()
export class CheckLoop {
  private readonly errors = new LoopErrors();
  private readonly lag: LoopLag;
  private resumedAt = 0;

  constructor(
    private readonly watched: WatchedAgents,
    private readonly checks: HealthChecks,
    @Inject(HEALTH_LISTENER) private readonly listener: HealthListener,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: Random,
  ) {
    this.lag = new LoopLag(clock, TICK_MS);
  }

  /** Starts the loop. A second call replaces the first. */
  start(): void {
    this.stop();
    this.lag.reset();
    const interval = setInterval(() => {
      this.tick();
    }, TICK_MS);
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }

  stop(): void {
    if (this.scheduler.doesExist('interval', INTERVAL_NAME)) this.scheduler.deleteInterval(INTERVAL_NAME);
  }

  /** Handles a resume after a suspend: checks that began before it are discarded. */
  onResume(): void {
    this.resumedAt = this.clock.now();
    this.lag.reset();
  }

  /** Checks the agents that are due. An error for one agent does not affect the others. */
  private tick(): void {
    const now = this.clock.now();
    this.lag.tick();
    for (const agentId of this.watched.ids()) {
      this.errors.run('health tick', agentId, () => {
        this.checkIfDue(agentId, now);
      });
    }
  }

  private checkIfDue(agentId: string, now: number): void {
    const target = this.watched.targetOf(agentId);
    if (target === null) return;
    const health = this.watched.healthOf(agentId);
    health.notePresence(presenceOf(target), now);
    if (!target.shouldRun || !this.checks.canBeWatched(agentId, target)) return;
    if (health.noteProcess(target.incarnation) || health.dueAt === null) {
      const policy = this.watched.policyOf(agentId);
      health.dueAt = target.isFresh
        ? nextCheckAt(now, policy.intervalMs, 0, this.random)
        : firstCheckAt(now, policy, this.random);
      health.tries = 0;
    }
    if (health.isBeingChecked || now < health.dueAt) return;
    health.isBeingChecked = true;
    void this.errors.watch('check', agentId, this.check(agentId, health, target, now)).finally(() => {
      health.isBeingChecked = false;
    });
  }

  private async check(agentId: string, health: AgentHealth, target: WatchTarget, began: number): Promise<void> {
    const { intervalMs, timeoutMs } = this.watched.policyOf(agentId);
    health.tries += 1;
    const hasAnswered = health.history.wasGood || health.isMisconfigured;
    health.dueAt = nextCheckAt(began, intervalMs, hasAnswered ? null : health.tries, this.random);
    const check = await this.checks.make(agentId, target);
    if (this.isOutdated(agentId, health, target, began)) return;
    if (hasFailed(check) && this.wasDelayed(began, timeoutMs)) return;
    const isFirstAnswer = !hasFailed(check) && !health.history.wasGood;
    if (isFirstAnswer) health.dueAt = nextCheckAt(this.clock.now(), intervalMs, null, this.random);
    this.listener.onChecked(agentId, this.checks.record(agentId, health, target, check));
  }

  /** Returns true if the check is about a process that is gone, or started before a resume or a re-registration. */
  private isOutdated(agentId: string, health: AgentHealth, target: WatchTarget, began: number): boolean {
    const now = this.watched.targetOf(agentId);
    const isSame = now?.shouldRun === true && now.incarnation === target.incarnation;
    return !isSame || this.watched.findHealth(agentId) !== health || this.resumedAt > began;
  }

  /**
   * Returns true, and reports the lag, if the supervisor's own event loop was delayed during the check. A failure of
   * that check says nothing about the agent.
   */
  private wasDelayed(began: number, timeoutMs: number): boolean {
    const lagMs = this.lag.since(began);
    if (lagMs <= Math.max(LEAST_LAG_MS, timeoutMs / 2)) return false;
    this.listener.onLag(lagMs);
    return true;
  }
}
