import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { AgentRegistry } from '../registry';
import { TokenStore } from './token-store';
import { NO_TOKENS, usedWithin, withCounter, withNewBudget, type TokenUse } from './token-use';

const DAY_SECONDS = 86_400;

/** Counts the tokens of agents that have a budget; of others nothing is kept. */
@Injectable()
export class TokenBudgets {
  private readonly uses = new Map<string, TokenUse>();

  constructor(
    private readonly store: TokenStore,
    @Inject(AgentRegistry) private readonly registry: Pick<AgentRegistry, 'policyOf'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async load(): Promise<void> {
    for (const [agentId, use] of await this.store.loadAll()) this.uses.set(agentId, use);
  }

  /** A counter was told; on disk before this resolves. @throws Problem `database-unavailable` */
  async record(agentId: string, incarnation: string | null, value: number): Promise<void> {
    if (this.registry.policyOf(agentId).tokenBudget === undefined) return;
    const before = this.uses.get(agentId) ?? NO_TOKENS;
    const use = withCounter(before, { incarnation, value }, this.clock.wall(), this.windowMs(agentId));
    if (use === before) return;
    this.uses.set(agentId, use);
    await this.store.save(agentId, use);
  }

  /** What was used within the window, and the budget; null: it has none. */
  of(agentId: string): { readonly used: number; readonly budget: number } | null {
    const budget = this.registry.policyOf(agentId).tokenBudget;
    if (budget === undefined) return null;
    const use = this.uses.get(agentId) ?? NO_TOKENS;
    return { used: usedWithin(use, this.clock.wall(), this.windowMs(agentId)), budget };
  }

  /** A person gives it a new budget. */
  async reset(agentId: string): Promise<void> {
    const use = this.uses.get(agentId);
    if (use === undefined || use.buckets.length === 0) return;
    const next = withNewBudget(use);
    this.uses.set(agentId, next);
    await this.store.save(agentId, next);
  }

  async forget(agentId: string): Promise<void> {
    if (this.uses.delete(agentId)) await this.store.remove(agentId);
  }

  private windowMs(agentId: string): number {
    return (this.registry.policyOf(agentId).tokenBudgetWindowSeconds ?? DAY_SECONDS) * 1_000;
  }
}
