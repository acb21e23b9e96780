import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, maskedLine, type Clock, type Diagnosis } from '../kernel';
import { AgentDefinitions } from '../registry';
import type { AgentHealth } from './agent-health';
import type { CheckResult } from './check-result';
import { explain } from './explanation';
import type { HealthPolicy } from './health-policy';
import { Heartbeats } from './heartbeat/heartbeats';
import type { Vitals } from './heartbeat/liveness';
import { availabilityOf, withoutStreak } from './history';
import { isBusyNotHung } from './outcome';
import { RunSecrets } from './run-secrets';
import { errorsSignal, latencySignal, progressSignal, scoreOf, type Signals } from './score';
import { TokenBudgets } from './tokens/token-budgets';
import { TreeMemory } from './tree-memory';
import { verdictOf, type Standing } from './verdict';
import { runIdOf, type WatchTarget } from './watch-target';

const MEGABYTE = 1_048_576;
const LINE_LENGTH = 300;
const TASK_LENGTH = 160;

export interface Assessment {
  readonly signals: Signals;
  /** Verdict; null if the agent is not failing. */
  readonly failing: Diagnosis | null;
  readonly score: number;
  readonly explanation: string;
}

/** Gathers the facts about an agent besides its checks, and assesses the agent by the pure rules. */
@Injectable()
export class HealthAssessor {
  constructor(
    private readonly registry: AgentDefinitions,
    private readonly heartbeats: Heartbeats,
    private readonly tokens: TokenBudgets,
    private readonly memory: TreeMemory,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly secrets: RunSecrets,
  ) {}

  /**
   * Computes the signals, the verdict, the score and the explanation.
   *
   * @param shown the check to explain; it need not be a counted one
   */
  assess(agentId: string, health: AgentHealth, policy: HealthPolicy, shown = health.latest): Assessment {
    const { history, latest } = health;
    const vitals = this.heartbeats.vitalsOf(agentId);
    const failing = verdictOf(history, this.standingOf(agentId, vitals, health, policy));
    const signals: Signals = {
      availability: availabilityOf(history, this.clock.now()),
      latency: latencySignal(history, policy.timeoutMs),
      errors: errorsSignal(history),
      progress: progressSignal(vitals?.status ?? null, failing?.cause === 'stuck'),
    };
    const isBusy = shown !== null && isBusyNotHung(shown, vitals, policy);
    const isWatchedInside = vitals !== null || (latest !== null && latest.responseMs !== null);
    const { error = null, misconfigured, remark } = shown ?? {};
    const explanation = explain({
      ...{ signals, failing, error, isWatchedInside, isBusy },
      ...{ advice: misconfigured?.advice, remark },
    });
    return { signals, failing, score: scoreOf(signals, failing !== null, health.isMisconfigured), explanation };
  }

  /** Returns the verdict from everything except the failed checks. Used when the check is misconfigured. */
  verdictWithoutChecks(agentId: string, health: AgentHealth, policy: HealthPolicy): Diagnosis | null {
    const standing = this.standingOf(agentId, this.heartbeats.vitalsOf(agentId), health, policy);
    return verdictOf(withoutStreak(health.history), standing);
  }

  /** Returns true if a check timed out only because the agent is busy. Such a check is not counted. */
  isBusy(agentId: string, check: CheckResult, policy: HealthPolicy): boolean {
    return isBusyNotHung(check, this.heartbeats.vitalsOf(agentId), policy);
  }

  /**
   * Returns the memory of the agent's process tree in bytes, or null if the agent has no limit or no process. It scans
   * the whole process table.
   */
  measureMemory(agentId: string, { process }: WatchTarget): number | null {
    const limitBytes = this.memoryLimitOf(agentId);
    return limitBytes === null || process === null ? null : this.memory.measure(process, limitBytes);
  }

  private standingOf(
    agentId: string,
    vitals: Vitals | null,
    { history, memory: measured }: AgentHealth,
    policy: HealthPolicy,
  ): Standing {
    const limitBytes = this.memoryLimitOf(agentId);
    return {
      heartbeatAgeMs: vitals?.ageMs ?? null,
      heartbeatTimeoutMs: policy.heartbeatTimeoutMs,
      withoutProgressMs: vitals?.withoutProgressMs ?? null,
      progressTimeoutMs: policy.progressTimeoutMs,
      // Only this verdict quotes the task, and masking takes time.
      task:
        policy.progressTimeoutMs === null || typeof vitals?.withoutProgressMs !== 'number'
          ? null
          : this.shownOf(agentId, history.incarnation, vitals.task, TASK_LENGTH),
      tokens: this.tokens.of(agentId),
      memory: limitBytes === null ? null : { measured, limitBytes },
      selfFailing: this.selfFailingOf(agentId, history.incarnation, vitals, policy),
    };
  }

  private selfFailingOf(
    agentId: string,
    incarnation: string | null,
    vitals: Vitals | null,
    policy: HealthPolicy,
  ): Standing['selfFailing'] {
    const reported = vitals?.selfFailing ?? null;
    if (reported === null) return null;
    const message = this.shownOf(agentId, incarnation, reported.message, LINE_LENGTH);
    return { forMs: reported.forMs, limitMs: policy.selfFailingMs, message };
  }

  /** Masks secrets in the agent's own text and truncates it, because the text is untrusted. Returns null for none. */
  private shownOf(agentId: string, incarnation: string | null, text: string | null, max: number): string | null {
    if (text === null) return null;
    const line = maskedLine(text, this.secrets.of(agentId, incarnation === null ? null : runIdOf(incarnation)), max);
    return line === '' ? null : line;
  }

  private memoryLimitOf(agentId: string): number | null {
    const limitMb = this.registry.findAgent(agentId)?.maxMemoryMb ?? null;
    return limitMb === null ? null : limitMb * MEGABYTE;
  }
}
