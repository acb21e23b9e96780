import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { EventLog, type EventDraft } from '../events';
import { Notifications, type Notice } from '../notifications';
import { Database, WriteQueue, type Tx } from '../persistence';
import type { FleetEvents } from './fleet-watch';
import type { FleetIncident } from './machine';
import { fleetNotice } from './notices';

const KEY = 'fleet_incident';

/** Keeps the fleet incident that is open, and tells of it. */
@Injectable()
export class FleetJournal implements FleetEvents {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly events: EventLog,
    private readonly notifications: Notifications,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The incident that was open when we ended; null: none. */
  async load(): Promise<FleetIncident | null> {
    const row = await this.database.read((db) =>
      db.selectFrom('local.meta').select('value').where('key', '=', KEY).executeTakeFirst(),
    );
    // Written by this very class.
    return (row?.value ?? null) as FleetIncident | null;
  }

  degraded(incident: FleetIncident, running: number): void {
    const { id, reason, evidence, affected } = incident;
    const event = this.event('fleet.degraded', { incidentId: id, reason, evidence, affected, running });
    this.save(incident, event, fleetNotice(incident, running));
  }

  changed(incident: FleetIncident): void {
    this.save(incident, null);
  }

  canary(incident: FleetIncident, agentId: string): void {
    this.save(incident, this.event('fleet.degraded', { incidentId: incident.id, canary: agentId }));
  }

  restored(incident: FleetIncident): void {
    const { id, affected, openedAt } = incident;
    const seconds = Math.round((this.clock.now() - openedAt) / 1_000);
    const event = this.event('fleet.restored', { incidentId: id, affected: affected.length, seconds });
    const notice = { incidentId: id, affected: affected.length, durationMs: seconds * 1_000 };
    this.save(null, event, { kind: 'fleet-restored', ...notice });
  }

  private event(type: EventDraft['type'], data: EventDraft['data']): EventDraft {
    return { agentId: null, type, data, occurredAt: this.clock.wall() };
  }

  private save(incident: FleetIncident | null, event: EventDraft | null, notice: Notice | null = null): void {
    void this.queue.submitEventually(async (tx) => {
      await keep(tx, incident);
      if (event !== null) this.events.append(tx, [event]);
      if (notice !== null) await this.notifications.queue(tx, [notice]);
    }, 'the fleet incident');
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
