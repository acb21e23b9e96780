import { Inject, Injectable } from '@nestjs/common';
import { isExternal, type AgentStatus } from '../kernel';
import { CircuitStore } from '../circuit';
import { EventLog, RestartLog, type EventDraft } from '../events';
import { Notifications, type Notice } from '../notifications';
import { Database, WriteQueue, type Tx } from '../persistence';
import { AgentRegistry } from '../registry';
import { PROCESS_INSPECTOR, type ProcessInspector } from '../runtime';
import type { Change, CommitOptions, Journal } from './journal';
import { externalStatusOf, statusOf, type AgentState } from './machine';
import { noticeOf } from './notices';

export interface SavedSupervision {
  readonly state: AgentState;
  /**
   * `this-life`: what it says of processes was so when we ended. `earlier-boot`: the machine has started anew since, and
   * none of them lives. `restored`: a backup brought it back.
   */
  readonly origin: 'this-life' | 'earlier-boot' | 'restored';
}

/** The journal over the database: all of one decision in one transaction, each fact in its owner's table. */
@Injectable()
export class SupervisionStore implements Journal {
  private readonly bootId: string;

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly registry: AgentRegistry,
    private readonly circuits: CircuitStore,
    private readonly events: EventLog,
    private readonly restarts: RestartLog,
    private readonly notifications: Notifications,
    @Inject(PROCESS_INSPECTOR) inspector: Pick<ProcessInspector, 'bootId'>,
  ) {
    this.bootId = inspector.bootId();
  }

  /** The states that were saved, by agent. */
  async loadAll(): Promise<ReadonlyMap<string, SavedSupervision>> {
    const rows = await this.database.read((db) =>
      db.selectFrom('local.supervision').select(['agent_id', 'state', 'boot_id', 'is_restored']).execute(),
    );
    // Written by this very class, and checked by the migrations: a state is what was saved as one.
    return new Map(
      rows.map((row) => {
        const isFromEarlierBoot = row.boot_id !== null && row.boot_id !== this.bootId;
        const origin = isFromEarlierBoot ? 'earlier-boot' : row.is_restored ? 'restored' : 'this-life';
        return [row.agent_id, { state: row.state as AgentState, origin }];
      }),
    );
  }

  commit(change: Change, options: CommitOptions): Promise<void> {
    return this.queue.submit((tx) => this.save(tx, change), {
      label: `a command on ${change.agentId}`,
      subject: change.agentId,
      ...options,
    });
  }

  commitEventually(change: Change): Promise<void> {
    return this.queue.submitEventually(
      (tx) => this.save(tx, change),
      `supervision of ${change.agentId}`,
      change.agentId,
    );
  }

  /** An event about the supervisor or the daemon, not about one agent. */
  recordEventually(event: EventDraft): void {
    void this.queue.submitEventually((tx) => {
      this.events.append(tx, [event]);
    }, event.type);
  }

  /** What people are to be told is on disk with what it tells of. */
  private async tell(tx: Tx, { agentId, tellings }: Change): Promise<void> {
    const name = this.registry.findAgent(agentId)?.name ?? agentId;
    for (const telling of tellings) {
      const notice = noticeOf(agentId, name, telling);
      if (notice === null) await this.notifications.closeIncident(tx, telling.incidentId);
      else await this.notifications.queue(tx, [notice]);
    }
  }

  /** A notice about no single agent, with its event. */
  tellEventually(notice: Notice, event: EventDraft | null): void {
    void this.queue.submitEventually(async (tx) => {
      if (event !== null) this.events.append(tx, [event]);
      await this.notifications.queue(tx, [notice]);
    }, notice.kind);
  }

  /** For whoever looks at the table; what health adds to it is no decision, and saved nowhere. */
  private statusOf(change: Change): AgentStatus {
    const agent = this.registry.findAgent(change.agentId);
    return agent !== null && isExternal(agent) ? externalStatusOf(change) : statusOf(change);
  }

  async remove(agentId: string): Promise<void> {
    await this.queue.submit(async (tx) => {
      await tx.deleteFrom('local.supervision').where('agent_id', '=', agentId).execute();
      await this.circuits.remove(tx, agentId);
    });
  }

  private async save(tx: Tx, change: Change): Promise<void> {
    const { agentId } = change;
    await this.tell(tx, change);
    const row = { state: JSON.stringify(change.state), boot_id: this.bootId, is_restored: false };
    await tx
      .insertInto('local.supervision')
      .values({ agent_id: agentId, ...row })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(row))
      .execute();
    await this.registry.saveDesired(tx, agentId, change.desired, this.statusOf(change));
    await this.circuits.save(tx, agentId, change.circuit);
    this.events.append(tx, change.events);
    await this.restarts.append(
      tx,
      change.restarts.map((restart) => ({ agentId, ...restart })),
    );
  }
}
