import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, NextFlight, Problem, type Clock } from '../../kernel';
import type { Tx } from '../../persistence';
import { AgentDefinitions, isRegistered } from '../../registry';
import { TokenStore } from './token-store';
import {
  NO_TOKENS,
  tokensWithin,
  withCounter,
  withNewBudget,
  withoutFuture,
  withReport,
  type ReportedCount,
  type TokenUse,
} from './token-use';

const DAY_SECONDS = 86_400;

/** A state that a transaction has written, and the counts that it includes. */
interface Written {
  readonly use: TokenUse;
  readonly reports: readonly ReportedCount[];
  /** Order of the writes. Of two committed states, the one with the greater order is newer. */
  readonly order: number;
}

/** Token counts of one agent. They live as long as the agent is registered. */
interface Known {
  /** Copy of the row, which owns the count. */
  saved: TokenUse;
  /** {@link Written.order} of `saved`. */
  order: number;
  /** Counts that no commit includes yet, oldest first. These tokens are spent, so the verdict includes them. */
  unsaved: readonly ReportedCount[];
  /** State that the latest {@link TokenBudgets.saveReset} has written. */
  reset: Written | null;
  /** Saves one at a time, so that an older save that fails late cannot undo a newer one. */
  readonly saves: NextFlight<void>;
}

/** Counts the tokens of agents that have a budget. Nothing is kept for other agents. */
@Injectable()
export class TokenBudgets {
  private readonly known = new Map<string, Known>();
  private order = 0;

  constructor(
    private readonly store: TokenStore,
    @Inject(AgentDefinitions) private readonly registry: Pick<AgentDefinitions, 'policyOf'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async load(): Promise<void> {
    for (const [agentId, use] of await this.store.loadAll(this.clock.wall())) this.knownOf(agentId).saved = use;
  }

  /**
   * Records a token counter. The verdict includes it at once. Resolves once a state that includes it is on disk.
   *
   * @throws Problem `database-unavailable`; `agent-not-found` if the agent was unregistered meanwhile
   */
  async record(agentId: string, incarnation: string | null, value: number): Promise<void> {
    if (this.registry.policyOf(agentId).tokenBudget === undefined) return;
    const known = this.knownOf(agentId);
    this.alignClock(known);
    const report = { incarnation, value, at: this.clock.wall() };
    const isOnDisk =
      known.unsaved.length === 0 && known.saves.isIdle && this.addReport(agentId, known.saved, report) === known.saved;
    if (isOnDisk) return;
    known.unsaved = withReport(known.unsaved, report);
    await known.saves.run();
  }

  /** Returns the tokens used within the window, and the budget; null if the agent has no budget. */
  of(agentId: string): { readonly used: number; readonly budget: number } | null {
    const budget = this.registry.policyOf(agentId).tokenBudget;
    if (budget === undefined) return null;
    const known = this.knownOf(agentId);
    this.alignClock(known);
    const { saved, unsaved } = known;
    const use = unsaved.reduce((before, report) => this.addReport(agentId, before, report), saved);
    return { used: tokensWithin(use, this.clock.wall(), this.windowMs(agentId)), budget };
  }

  /**
   * Resets the use of an agent's budget within the caller's transaction. After the commit, the caller must call {@link
   * applyReset}. If the transaction rolls back, nothing has changed.
   */
  async saveReset(tx: Tx, agentId: string): Promise<void> {
    const known = this.knownOf(agentId);
    const isUnused = known.saved.buckets.length === 0 && known.unsaved.length === 0;
    known.reset = isUnused ? null : await this.write(tx, agentId, known, withNewBudget);
  }

  /**
   * Restores the use on disk within the caller's transaction, after a {@link saveReset} that was refused although its
   * commit may have taken place.
   */
  async undoReset(tx: Tx, agentId: string): Promise<void> {
    const known = this.known.get(agentId);
    // Without a reset in memory, none was written. Counts that are not saved yet are added by the next save.
    if (known === undefined || known.reset === null || !(await isRegistered(tx, agentId))) return;
    await this.store.write(tx, agentId, known.saved);
  }

  /** Applies in memory what {@link saveReset} has written. */
  applyReset(agentId: string): void {
    const known = this.known.get(agentId);
    if (known === undefined || known.reset === null) return;
    this.apply(known, known.reset);
    known.reset = null;
  }

  /**
   * Saves and applies a reset, for a caller without a transaction.
   *
   * @throws Problem `database-unavailable`
   */
  async reset(agentId: string): Promise<void> {
    await this.store.commit((tx) => this.saveReset(tx, agentId));
    this.applyReset(agentId);
  }

  /** Removes the agent's row in the transaction that unregisters it. Call {@link forget} after the commit. */
  removeRows(tx: Tx, agentId: string): Promise<void> {
    return this.store.removeRow(tx, agentId);
  }

  /** Forgets an unregistered agent in memory only. A save in progress does not restore it. */
  forget(agentId: string): void {
    this.known.delete(agentId);
  }

  /** Removes the row and forgets the agent, for a caller without a transaction. */
  async remove(agentId: string): Promise<void> {
    await this.store.commit((tx) => this.removeRows(tx, agentId));
    this.forget(agentId);
  }

  private async saveUnsaved(agentId: string, known: Known): Promise<void> {
    if (known.unsaved.length === 0) return;
    const written = await this.store.commit((tx) => this.write(tx, agentId, known, (use) => use));
    if (written === null) throw new Problem('agent-not-found', `The agent ${agentId} was unregistered meanwhile.`);
    this.apply(known, written);
  }

  /**
   * Applies the unsaved counts to the row on disk, so that other writes made meanwhile are kept.
   *
   * @returns null if the agent is no longer registered; nothing was written then
   */
  private async write(
    tx: Tx,
    agentId: string,
    known: Known,
    finish: (use: TokenUse) => TokenUse,
  ): Promise<Written | null> {
    if (this.known.get(agentId) !== known || !(await isRegistered(tx, agentId))) return null;
    const row = await this.store.read(tx, agentId, this.clock.wall());
    const reports = known.unsaved;
    const use = finish(reports.reduce((before, each) => this.addReport(agentId, before, each), row));
    await this.store.write(tx, agentId, use);
    this.order += 1;
    return { use, reports, order: this.order };
  }

  private apply(known: Known, { use, reports, order }: Written): void {
    known.unsaved = known.unsaved.filter((each) => !reports.includes(each));
    if (order < known.order) return;
    known.saved = use;
    known.order = order;
  }

  /** Shifts what is in memory if the wall clock was set back. Otherwise old tokens would count beside the new ones. */
  private alignClock(known: Known): void {
    known.saved = withoutFuture(known.saved, this.clock.wall());
  }

  private addReport(agentId: string, before: TokenUse, report: ReportedCount): TokenUse {
    return withCounter(before, report, report.at, this.windowMs(agentId));
  }

  private windowMs(agentId: string): number {
    return (this.registry.policyOf(agentId).tokenBudgetWindowSeconds ?? DAY_SECONDS) * 1_000;
  }

  private knownOf(agentId: string): Known {
    const present = this.known.get(agentId);
    if (present !== undefined) return present;
    const known: Known = {
      ...{ saved: NO_TOKENS, order: 0, unsaved: [], reset: null },
      saves: new NextFlight(() => this.saveUnsaved(agentId, known)),
    };
    this.known.set(agentId, known);
    return known;
  }
}
