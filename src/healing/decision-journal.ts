import { Injectable } from '@nestjs/common';
import { WriteQueue, type Tx } from '../persistence';
import { AgentStateStore } from './agent-state-store';
import type { Change, CommitOptions, Journal } from './actor/journal';
import { EventLog, RestartLog } from '../events';
import { Notifications } from '../notifications';
import { AgentDefinitions } from '../registry';
import { notificationOf } from './incident-notifications';

/** Implements the journal over the database: one decision in one transaction. */
@Injectable()
export class DecisionJournal implements Journal {
  constructor(
    private readonly queue: WriteQueue,
    private readonly store: AgentStateStore,
    private readonly definitions: AgentDefinitions,
    private readonly events: EventLog,
    private readonly restarts: RestartLog,
    private readonly notifications: Notifications,
  ) {}

  commit(change: Change, options: CommitOptions): Promise<void> {
    const save = async (tx: Tx) => {
      await this.append(tx, change);
      await this.store.saveState(tx, change);
    };
    return this.queue.submit(save, {
      label: `a command on ${change.agentId}`,
      subject: change.agentId,
      ...options,
    });
  }

  commitEventually(change: Change): Promise<void> {
    const { agentId, definition, tokens, events, restarts, incidentNews } = change;
    const state = { key: 'supervision', work: (tx: Tx) => this.store.saveState(tx, change) };
    const append = (tx: Tx) => this.append(tx, change);
    const appends = definition !== null || tokens !== null || events.length + restarts.length + incidentNews.length > 0;
    return this.queue.submitEventually(appends ? { append, state } : { state }, `supervision of ${agentId}`, agentId);
  }

  /** Writes what is kept of every decision, even if a later one supersedes its state. */
  private async append(tx: Tx, change: Change): Promise<void> {
    const { agentId, events, restarts } = change;
    await this.queueNotifications(tx, change);
    this.events.append(tx, events);
    await this.restarts.append(
      tx,
      restarts.map((restart) => ({ agentId, ...restart })),
    );
    await this.store.saveDefinition(tx, change);
  }

  private async queueNotifications(tx: Tx, { agentId, incidentNews }: Change): Promise<void> {
    const name = this.definitions.findAgent(agentId)?.name ?? agentId;
    for (const news of incidentNews) {
      const notification = notificationOf(agentId, name, news);
      if (notification === null) await this.notifications.closeIncident(tx, news.incidentId);
      else await this.notifications.queue(tx, [notification], news.at);
    }
  }
}
