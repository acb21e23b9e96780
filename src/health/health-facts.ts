import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock, type Diagnosis } from '../kernel';
import { AgentRegistry } from '../registry';
import { PROCESS_INSPECTOR, type ProcessFacts, type ProcessInspector } from '../runtime';
import type { AgentHealth } from './agent-health';
import { explanationOf } from './explanation';
import type { HealthPolicy } from './health-policy';
import { Heartbeats, type Vitals } from './heartbeats';
import { availabilityOf } from './history';
import { errorsSignal, latencySignal, progressSignal, scoreOf, type Signals } from './score';
import type { HealthSubject } from './subject';
import { TokenBudgets } from './token-budgets';
import { treeMemory } from './tree-memory';
import { verdictOf, type Standing } from './verdict';

const MEGABYTE = 1_048_576;
const LOOK_MS = 250;

export interface Judgement {
  readonly signals: Signals;
  readonly failing: Diagnosis | null;
  readonly score: number;
  readonly explanation: string;
}

/** Gathers what is known of an agent besides its checks, and judges it by the pure rules. */
@Injectable()
export class HealthFacts {
  private looked: { readonly at: number; readonly all: readonly ProcessFacts[] } | null = null;

  constructor(
    private readonly registry: AgentRegistry,
    private readonly heartbeats: Heartbeats,
    private readonly tokens: TokenBudgets,
    @Inject(PROCESS_INSPECTOR) private readonly inspector: ProcessInspector,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  judge(agentId: string, health: AgentHealth, policy: HealthPolicy): Judgement {
    const { history, latest } = health;
    const vitals = this.heartbeats.vitalsOf(agentId);
    const standing = this.standingOf(agentId, vitals, health.memoryBytes, policy);
    const failing = verdictOf(history, standing);
    const signals: Signals = {
      availability: availabilityOf(history, this.clock.now()),
      latency: latencySignal(history, policy.timeoutMs),
      errors: errorsSignal(history),
      progress: progressSignal(vitals?.status ?? null, failing?.cause === 'stuck'),
    };
    const error = latest?.error ?? null;
    const isWatchedInside = vitals !== null || (latest !== null && latest.responseMs !== null);
    const explanation = explanationOf({ signals, failing, error, isWatchedInside });
    return { signals, failing, score: scoreOf(signals, failing !== null), explanation };
  }

  private standingOf(
    agentId: string,
    vitals: Vitals | null,
    memoryBytes: number | null,
    policy: HealthPolicy,
  ): Standing {
    return {
      heartbeatAgeMs: vitals?.ageMs ?? null,
      heartbeatTimeoutMs: policy.heartbeatTimeoutMs,
      withoutProgressMs: vitals?.withoutProgressMs ?? null,
      progressTimeoutMs: policy.progressTimeoutMs,
      tokens: this.tokens.of(agentId),
      memory: this.memoryOf(agentId, memoryBytes),
    };
  }

  /**
   * What an agent that has a limit uses with all its children, bytes; null: it has none. The whole process table is looked
   * through for it.
   */
  measureMemory(agentId: string, { process }: HealthSubject): number | null {
    if (this.limitOf(agentId) === null || process === null) return null;
    return treeMemory(process, this.table(), this.inspector);
  }

  /** One look serves all that are due in the same moment. */
  private table(): readonly ProcessFacts[] {
    const now = this.clock.now();
    if (this.looked === null || now - this.looked.at > LOOK_MS) this.looked = { at: now, all: this.inspector.all() };
    return this.looked.all;
  }

  private memoryOf(agentId: string, bytes: number | null): Standing['memory'] {
    const limitMb = this.limitOf(agentId);
    return limitMb === null || bytes === null ? null : { bytes, limitBytes: limitMb * MEGABYTE };
  }

  private limitOf(agentId: string): number | null {
    return this.registry.findAgent(agentId)?.maxMemoryMb ?? null;
  }
}
