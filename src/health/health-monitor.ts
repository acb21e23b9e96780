import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CLOCK, isoTime, messageOf, RANDOM, type AgentStatus, type Clock, type Random } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import { firstCheckAt, nextCheckAt } from './check-schedule';
import { NOTHING_ASKED, type CheckResult } from './check-result';
import { healthPolicy, type HealthPolicy } from './health-policy';
import { AgentHealth } from './agent-health';
import { HealthFacts } from './health-facts';
import { HealthLog } from './health-log';
import { Heartbeats } from './heartbeats';
import { LoopLag } from './loop-lag';
import { HttpProbe } from './probes/http-probe';
import { summaryOf, type HealthReport, type HealthResult } from './report';
import type { HealthHooks, HealthOutcome, HealthSubject } from './subject';

const INTERVAL_NAME = 'health';
const TICK_MS = 250;
/** The first checks of those that we found alive take at least so long to go round. */
const FIRST_WITHIN_MS = 2_000;
/** A reader's check is made at most this often. */
const ASKED_MS = 1_000;
/** A delay of ours that matters, whatever the time limit of a check. */
const LEAST_LAG_MS = 1_000;

/**
 * Watches all agents: asks each at its own time, so that they never come in one burst, and tells healing what it saw. A slow
 * agent delays nobody, and a check never overlaps itself.
 */
@Injectable()
export class HealthMonitor {
  private readonly logger = new Logger('Health');
  private readonly agents = new Map<string, AgentHealth>();
  private readonly probe = new HttpProbe();
  private readonly lag: LoopLag;
  private hooks: HealthHooks | null = null;
  private intervalSeconds: number;
  private resumedAt = 0;

  constructor(
    private readonly registry: AgentRegistry,
    private readonly heartbeats: Heartbeats,
    private readonly facts: HealthFacts,
    private readonly log: HealthLog,
    private readonly scheduler: SchedulerRegistry,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: Random,
  ) {
    this.intervalSeconds = settings.HEALTH_INTERVAL_SECONDS;
    this.lag = new LoopLag(clock, TICK_MS);
  }

  attach(hooks: HealthHooks): void {
    this.hooks = hooks;
  }

  /**
   * Begins to watch; an agent without an interval of its own is checked each `intervalSeconds`. A second call replaces the
   * first.
   */
  startLoop(intervalSeconds: number): void {
    this.stopLoop();
    this.intervalSeconds = intervalSeconds;
    this.lag.reset();
    const interval = setInterval(() => {
      this.tick();
    }, TICK_MS);
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }

  stopLoop(): void {
    if (this.scheduler.doesExist('interval', INTERVAL_NAME)) this.scheduler.deleteInterval(INTERVAL_NAME);
  }

  /**
   * A check made now, for whoever asks: shown and logged, but not counted; at most one a second.
   *
   * @throws Problem agent-not-found
   */
  async check(agentId: string): Promise<HealthResult> {
    const agent = this.registry.getAgent(agentId);
    const health = this.healthOf(agentId);
    const now = this.clock.now();
    if (health.asked === null || now - health.asked.at >= ASKED_MS) {
      const result = this.ask(agent, this.subjectOf(agentId)).then((check) => {
        const shown = this.resultOf(agentId, check);
        this.append(shown);
        return shown;
      });
      health.asked = { at: now, result };
    }
    return health.asked.result;
  }

  /** The same of all agents. */
  checkAll(): Promise<HealthResult[]> {
    return Promise.all(this.registry.listAgents().map(({ agentId }) => this.check(agentId)));
  }

  /** 0 to 100; null: desired is stopped, or nothing was checked yet. */
  score(agentId: string): number | null {
    const subject = this.subjectOf(agentId);
    if (!subject?.shouldRun) return null;
    if (!subject.isExternal && subject.process === null) return 0;
    const health = this.agents.get(agentId);
    if (!health?.isKnown(subject.incarnation)) return null;
    return this.facts.judge(agentId, health, this.policyOf(agentId)).score;
  }

  /** True while the verdict of its present process is failing. */
  isFailing(agentId: string): boolean {
    const subject = this.subjectOf(agentId);
    const health = this.agents.get(agentId);
    return subject !== null && health?.isKnown(subject.incarnation) === true && health.isFailing;
  }

  /** True where there is a URL to be asked. */
  hasUrl(agentId: string): boolean {
    return this.urlOf(agentId) !== null;
  }

  /** The latest of every agent, without asking anybody. */
  getReport(): HealthReport {
    const agents = this.registry.listAgents().map(({ agentId }) => this.resultOf(agentId, this.latestOf(agentId)));
    const statuses = agents.map(({ agentId }): AgentStatus => this.hooks?.statusOf(agentId) ?? 'unknown');
    return {
      generatedAt: isoTime(this.clock.wall()),
      summary: summaryOf(statuses),
      agents: Object.fromEntries(agents.map((result) => [result.agentId, result])),
    };
  }

  /** Nothing ran for a while: what was seen before counts as no streak, and nobody was late. */
  resumed(): void {
    this.resumedAt = this.clock.now();
    this.heartbeats.resumed();
    this.lag.reset();
    for (const health of this.agents.values()) health.resume();
  }

  forget(agentId: string): void {
    this.agents.delete(agentId);
  }

  /** Looks who is due. One agent's trouble is nobody else's. */
  private tick(): void {
    const now = this.clock.now();
    this.lag.tick();
    for (const agent of this.registry.listAgents()) {
      const { agentId } = agent;
      try {
        this.look(agent, now);
      } catch (error) {
        this.logger.warn({ agentId, error: messageOf(error) }, 'an agent could not be looked at');
      }
    }
  }

  private look(agent: RegisteredAgent, now: number): void {
    const { agentId } = agent;
    const subject = this.subjectOf(agentId);
    if (subject === null) return;
    const health = this.healthOf(agentId);
    health.notePresence(presenceOf(subject), now);
    if (!subject.shouldRun || !this.canBeWatched(agentId, subject)) return;
    if (health.noteProcess(subject.incarnation) || health.dueAt === null) {
      health.dueAt = this.firstDue(now, subject, this.policyOf(agentId));
      health.tries = 0;
    }
    if (health.isUnderWay || now < health.dueAt) return;
    health.isUnderWay = true;
    void this.turn(agent, health, subject, now)
      .catch((error: unknown) => {
        this.logger.warn({ agentId, error: messageOf(error) }, 'a check came to nothing');
      })
      .finally(() => {
        health.isUnderWay = false;
      });
  }

  /** Of an agent that we do not launch, without a URL and without a heartbeat, nothing can be known. */
  private canBeWatched(agentId: string, { isExternal, process }: HealthSubject): boolean {
    if (!isExternal) return process !== null;
    return this.hasUrl(agentId) || this.heartbeats.vitalsOf(agentId) !== null;
  }

  /** Those that we found alive are spread, but early enough for their grace. */
  private firstDue(now: number, { isFresh }: HealthSubject, { intervalMs, graceMs }: HealthPolicy): number {
    if (isFresh) return nextCheckAt(now, intervalMs, 0, this.random);
    return firstCheckAt(now, Math.min(intervalMs, Math.max(FIRST_WITHIN_MS, graceMs / 2)), this.random);
  }

  private async turn(
    agent: RegisteredAgent,
    health: AgentHealth,
    subject: HealthSubject,
    began: number,
  ): Promise<void> {
    const { agentId } = agent;
    const policy = this.policyOf(agentId);
    health.tries += 1;
    health.dueAt = nextCheckAt(began, policy.intervalMs, health.history.wasGood ? null : health.tries, this.random);
    const check = await this.ask(agent, subject);
    if (this.isOutdated(agentId, health, subject, began)) return;
    if (!check.ok && this.wasHeldUp(began, policy)) return;
    const outcome = this.take(agentId, health, subject, check, policy);
    this.hooks?.checked(agentId, outcome);
  }

  /** What it says is of a process that is gone, or of a time that does not count. */
  private isOutdated(agentId: string, health: AgentHealth, subject: HealthSubject, began: number): boolean {
    const now = this.subjectOf(agentId);
    const isSame = now?.shouldRun === true && now.incarnation === subject.incarnation;
    return !isSame || this.agents.get(agentId) !== health || this.resumedAt > began;
  }

  private take(
    agentId: string,
    health: AgentHealth,
    subject: HealthSubject,
    check: CheckResult,
    policy: HealthPolicy,
  ): HealthOutcome {
    const now = this.clock.now();
    const isYoung = subject.upSince !== null && now - subject.upSince < policy.graceMs;
    const withinGrace = !check.ok && !health.history.wasGood && isYoung;
    if (check.ok && !health.history.wasGood) health.dueAt = nextCheckAt(now, policy.intervalMs, null, this.random);
    if (!withinGrace) health.noteCheck(check);
    const wasFailing = health.isFailing;
    health.memoryBytes = this.facts.measureMemory(agentId, subject);
    const { failing } = this.facts.judge(agentId, health, policy);
    health.note(check, this.clock.wall(), failing !== null);
    if (health.isLogDue(now, wasFailing !== (failing !== null))) this.append(this.resultOf(agentId, check));
    const problem = check.ok ? null : { cause: check.cause ?? 'hung', line: check.error ?? 'no answer' };
    return { incarnation: subject.incarnation, problem, withinGrace, failing };
  }

  /** A check that failed while we ourselves were held up says nothing. */
  private wasHeldUp(began: number, { timeoutMs }: HealthPolicy): boolean {
    const lagMs = this.lag.since(began);
    if (lagMs <= Math.max(LEAST_LAG_MS, timeoutMs / 2)) return false;
    this.hooks?.lagged(lagMs);
    return true;
  }

  private ask({ agentId }: RegisteredAgent, subject: HealthSubject | null): Promise<CheckResult> {
    const url = this.urlOf(agentId);
    const isUp = subject?.isExternal === true || (subject !== null && subject.process !== null);
    if (url === null || !isUp) return Promise.resolve(isUp ? NOTHING_ASKED : NO_PROCESS);
    return this.probe.check({ url, agentId, timeoutMs: this.policyOf(agentId).timeoutMs });
  }

  private resultOf(agentId: string, check: CheckResult): HealthResult {
    const subject = this.subjectOf(agentId);
    const { signals, failing, explanation } = this.facts.judge(
      agentId,
      this.agents.get(agentId) ?? new AgentHealth(),
      this.policyOf(agentId),
    );
    const isUp = subject !== null && (subject.isExternal || subject.process !== null);
    return {
      agentId,
      healthy: isUp && check.ok && failing === null,
      score: this.score(agentId),
      responseMs: check.responseMs,
      statusCode: check.statusCode,
      error: check.error,
      checkedAt: isoTime(this.agents.get(agentId)?.checkedAt ?? this.clock.wall()),
      signals,
      explanation,
    };
  }

  private latestOf(agentId: string): CheckResult {
    const subject = this.subjectOf(agentId);
    if (subject !== null && !subject.isExternal && subject.process === null) return NO_PROCESS;
    return this.agents.get(agentId)?.latest ?? NOTHING_ASKED;
  }

  private append(result: HealthResult): void {
    const { agentId, score: healthScore, responseMs, error } = result;
    this.log.append({ agentId, healthScore, responseMs, error, checkedAt: this.clock.wall() });
  }

  private healthOf(agentId: string): AgentHealth {
    const known = this.agents.get(agentId);
    if (known !== undefined) return known;
    const made = new AgentHealth();
    this.agents.set(agentId, made);
    return made;
  }

  private subjectOf(agentId: string): HealthSubject | null {
    return this.hooks?.subjectOf(agentId) ?? null;
  }

  private policyOf(agentId: string): HealthPolicy {
    return healthPolicy(this.settings, this.registry.policyOf(agentId), this.intervalSeconds);
  }

  /** What the present run announced outranks the definition. */
  private urlOf(agentId: string): string | null {
    const announced = this.heartbeats.announcedOf(agentId)?.healthUrl;
    return announced ?? this.registry.findAgent(agentId)?.healthUrl ?? null;
  }
}

const NO_PROCESS: CheckResult = {
  ...NOTHING_ASKED,
  ok: false,
  error: 'it has no process',
  cause: 'unhealthy-response',
};

function presenceOf({ shouldRun, isExternal, process }: HealthSubject) {
  if (!shouldRun) return 'off';
  return isExternal || process !== null ? 'up' : 'down';
}
