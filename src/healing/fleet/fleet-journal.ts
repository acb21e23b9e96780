import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock } from '../../kernel';
import { EventLog, type EventDraft } from '../../events';
import { Notifications, type Notification } from '../../notifications';
import { Database, WriteQueue, type Tx } from '../../persistence';
import type { FleetEvents } from './fleet-watch';
import { parseSavedFleetIncident, type FleetIncident } from '../machine';
import { fleetNotification } from '../incident-notifications';

const KEY = 'fleet_incident';
/** Subject in the write queue. No agent can have this id. */
const SUBJECT = ':fleet';

/** Persists the open fleet incident, records its events and notifies the operator. */
@Injectable()
export class FleetJournal implements FleetEvents {
  private readonly logger = new Logger('Supervision');

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly events: EventLog,
    private readonly notifications: Notifications,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Returns the incident that was open when the supervisor last exited; null: none. */
  async load(): Promise<FleetIncident | null> {
    const row = await this.database.read((db) =>
      db.selectFrom('local.meta').select('value').where('key', '=', KEY).executeTakeFirst(),
    );
    const { value, faults } = parseSavedFleetIncident(row?.value ?? null);
    if (faults.length > 0) this.logger.error({ faults }, 'saved fleet incident invalid; it is dropped');
    return value;
  }

  onDegraded(incident: FleetIncident, running: number): void {
    const { id, reason, evidence, affected } = incident;
    const event = this.event('fleet.degraded', { incidentId: id, reason, evidence, affected, running });
    this.save(incident, event, fleetNotification(incident, running));
  }

  onChanged(incident: FleetIncident): void {
    this.save(incident, null);
  }

  onCanary(incident: FleetIncident, agentId: string): void {
    this.save(incident, this.event('fleet.degraded', { incidentId: incident.id, canary: agentId }));
  }

  onRestored(incident: FleetIncident): void {
    const { id, affected, openedAt } = incident;
    const seconds = Math.round((this.clock.now() - openedAt) / 1_000);
    const event = this.event('fleet.restored', { incidentId: id, affected: affected.length, seconds });
    const notification = { incidentId: id, affected: affected.length, durationMs: seconds * 1_000 };
    this.save(null, event, { kind: 'fleet-restored', ...notification });
  }

  private event(type: EventDraft['type'], data: EventDraft['data']): EventDraft {
    return { agentId: null, type, data, occurredAt: this.clock.wall() };
  }

  private save(
    incident: FleetIncident | null,
    event: EventDraft | null,
    notification: Notification | null = null,
  ): void {
    const at = event?.occurredAt ?? this.clock.wall();
    const append = async (tx: Tx) => {
      if (event !== null) this.events.append(tx, [event]);
      if (notification !== null) await this.notifications.queue(tx, [notification], at);
    };
    const state = { key: KEY, work: (tx: Tx) => keep(tx, incident) };
    void this.queue.submitEventually(
      event === null && notification === null ? { state } : { append, state },
      'the fleet incident',
      SUBJECT,
    );
  }
}

async function keep(tx: Tx, incident: FleetIncident | null): Promise<void> {
  const value = JSON.stringify(incident);
  await tx
    .insertInto('local.meta')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
