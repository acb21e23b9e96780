import { Injectable } from '@nestjs/common';
import { CircuitStore } from '../circuit';
import { EventLog, RestartLog, type EventDraft } from '../events';
import { Database, WriteQueue, type Tx } from '../persistence';
import { AgentRegistry } from '../registry';
import type { Change, Journal } from './journal';
import type { AgentState } from './machine';

/** The journal over the database: all of one decision in one transaction, each fact in its owner's table. */
@Injectable()
export class SupervisionStore implements Journal {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly registry: AgentRegistry,
    private readonly circuits: CircuitStore,
    private readonly events: EventLog,
    private readonly restarts: RestartLog,
  ) {}

  /** The states that were saved, by agent. */
  async loadAll(): Promise<ReadonlyMap<string, AgentState>> {
    const rows = await this.database.read((db) =>
      db.selectFrom('local.supervision').select(['agent_id', 'state']).execute(),
    );
    // Written by this very class, and checked by the migrations: a state is what was saved as one.
    return new Map(rows.map((row) => [row.agent_id, row.state as AgentState]));
  }

  commit(change: Change): Promise<void> {
    return this.queue.submit((tx) => this.save(tx, change), `a command on ${change.agentId}`);
  }

  commitEventually(change: Change): void {
    this.queue.submitEventually((tx) => this.save(tx, change), `supervision of ${change.agentId}`);
  }

  /** An event about the supervisor or the daemon, not about one agent. */
  recordEventually(event: EventDraft): void {
    this.queue.submitEventually(async (tx) => {
      await this.events.append(tx, [event]);
    }, event.type);
  }

  async remove(agentId: string): Promise<void> {
    await this.queue.submit(async (tx) => {
      await tx.deleteFrom('local.supervision').where('agent_id', '=', agentId).execute();
      await this.circuits.remove(tx, agentId);
    });
  }

  private async save(tx: Tx, change: Change): Promise<void> {
    const { agentId } = change;
    const state = JSON.stringify(change.state);
    await tx
      .insertInto('local.supervision')
      .values({ agent_id: agentId, state })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ state }))
      .execute();
    await this.registry.saveDesired(tx, agentId, change.desired);
    await this.circuits.save(tx, agentId, change.circuit);
    await this.events.append(tx, change.events);
    await this.restarts.append(
      tx,
      change.restarts.map((restart) => ({ agentId, ...restart })),
    );
  }
}
