import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type ResolvedSettings } from '../config';
import { AgentDefinitions } from '../registry';
import { AgentHealth } from './agent-health';
import { healthPolicy, type HealthPolicy } from './health-policy';
import { WATCH_TARGETS, type WatchTargets } from './ports';
import type { WatchTarget } from './watch-target';

/** Knows the watched agents: for each one its target, its policy, and the state of its checks. */
@Injectable()
export class WatchedAgents {
  /** Check interval of agents whose policy has none. */
  intervalSeconds: number;
  private readonly health = new Map<string, AgentHealth>();

  constructor(
    private readonly registry: AgentDefinitions,
    @Inject(WATCH_TARGETS) private readonly targets: WatchTargets,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
  ) {
    this.intervalSeconds = settings.HEALTH_INTERVAL_SECONDS;
  }

  ids(): string[] {
    return this.registry.listAgents().map(({ agentId }) => agentId);
  }

  /** @throws Problem agent-not-found */
  requireRegistered(agentId: string): void {
    this.registry.getAgent(agentId);
  }

  targetOf(agentId: string): WatchTarget | null {
    return this.targets.targetOf(agentId);
  }

  policyOf(agentId: string): HealthPolicy {
    return healthPolicy(this.settings, this.registry.policyOf(agentId), this.intervalSeconds);
  }

  /** Returns the state of an agent's checks. Creates it if the agent was not checked yet. */
  healthOf(agentId: string): AgentHealth {
    const known = this.health.get(agentId);
    if (known !== undefined) return known;
    const created = new AgentHealth();
    this.health.set(agentId, created);
    return created;
  }

  /** Returns the state of an agent's checks; null if the agent was not checked yet. */
  findHealth(agentId: string): AgentHealth | null {
    return this.health.get(agentId) ?? null;
  }

  /** Handles a resume after a suspend: earlier failures form no streak. */
  onResume(): void {
    for (const health of this.health.values()) health.onResume();
  }

  forget(agentId: string): void {
    this.health.delete(agentId);
  }
}
