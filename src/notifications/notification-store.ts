import { Inject, Injectable, Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { z } from 'zod';
import { invalidMembers, NEW_ID, type NewId } from '../kernel';
import { Database, WriteQueue, type Tx } from '../persistence';
import { notificationSchema, type Notification } from './notification';

/** Time for which sent notifications are kept, so that an incident is never notified twice. */
const KEPT_MS = 30 * 24 * 3_600_000;

const receiversSchema = z.array(z.string());

/** Notification that is still to be sent. */
export interface SavedNotification {
  readonly id: string;
  readonly notification: Notification;
  /** Chats that have received it. */
  readonly receivedBy: readonly string[];
}

/** Stores notifications on disk, so that a queued one is sent even if the supervisor is killed. */
@Injectable()
export class NotificationStore {
  private readonly logger = new Logger('Notifications');
  /** Ids of invalid notifications that were logged already. */
  private readonly unreadable = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /**
   * Adds a notification in the transaction of the change that it is about. A second one of the same kind and incident
   * is ignored.
   */
  async add(tx: Tx, notification: Notification, wall: number): Promise<void> {
    // A recovery is notified only if its incident was escalated.
    if (notification.kind === 'recovered' && !(await hasEscalation(tx, notification.incidentId))) return;
    if (notification.kind === 'recovered') await this.closeIncident(tx, notification.incidentId);
    await tx
      .insertInto('local.notice')
      .values({
        ...{ id: this.newId(), incident_id: notification.incidentId, kind: notification.kind, created_at: wall },
        ...{ body: JSON.stringify(notification), told: '[]', state: 'waiting', remind_at: null },
      })
      .onConflict((conflict) => conflict.columns(['incident_id', 'kind']).doNothing())
      .execute();
  }

  /** Stops the reminders of an incident. */
  async closeIncident(tx: Tx, incidentId: string): Promise<void> {
    await tx
      .updateTable('local.notice')
      .set({ remind_at: null })
      .where('incident_id', '=', incidentId)
      .where('kind', '=', 'escalation')
      .execute();
    await tx.deleteFrom('local.notice').where('incident_id', '=', incidentId).where('kind', '=', 'reminder').execute();
    // The escalation may be sent after the incident closes. This row keeps it from scheduling reminders.
    if (!(await hasEscalation(tx, incidentId))) return;
    await tx
      .insertInto('local.notice')
      .values({
        ...{ id: this.newId(), incident_id: incidentId, kind: 'closed', created_at: 0, body: '{}' },
        ...{ told: '[]', state: 'told', remind_at: null },
      })
      .onConflict((conflict) => conflict.columns(['incident_id', 'kind']).doNothing())
      .execute();
  }

  /** Returns the notifications to send, oldest first. */
  async waiting(): Promise<SavedNotification[]> {
    const rows = await this.database.read((db) =>
      db.selectFrom('local.notice').selectAll().where('state', '=', 'waiting').orderBy('created_at').execute(),
    );
    return rows.flatMap((row) => {
      const notification = this.read(row);
      // If the list of chats is invalid, sending twice is better than never.
      const receivedBy = receiversSchema.safeParse(row.told).data ?? [];
      return notification === null ? [] : [{ id: row.id, notification, receivedBy }];
    });
  }

  /** Returns null for an invalid notification, so that the others are still sent. */
  private read({ id, body }: { readonly id: string; readonly body: unknown }): Notification | null {
    const { data = null, error } = notificationSchema.safeParse(body);
    if (error !== undefined && !this.unreadable.has(id)) {
      this.unreadable.add(id);
      this.logger.error({ id, faults: invalidMembers(error) }, 'saved notification invalid; not sent');
    }
    return data;
  }

  /** Saves the chats that have received a notification. @param isDone true if no chat needs it any more */
  async saveReceivers(saved: SavedNotification, isDone: boolean, wall: number): Promise<void> {
    const { notification } = saved;
    await this.queue.submit(async (tx) => {
      await tx
        .updateTable('local.notice')
        .set({ told: JSON.stringify(saved.receivedBy), ...(isDone ? { state: 'told' as const } : {}) })
        .where('id', '=', saved.id)
        .execute();
      const needsReminder =
        isDone && notification.kind === 'escalation' && !notification.goesOn && notification.reminderMs > 0;
      if (needsReminder) await scheduleReminder(tx, notification.incidentId, wall + notification.reminderMs);
    });
  }

  /** Returns the wall-clock time of the next reminder; null if none is scheduled. */
  async nextReminder(): Promise<number | null> {
    const row = await this.database.read((db) =>
      db
        .selectFrom('local.notice')
        .select((of) => of.fn.min('remind_at').as('at'))
        .executeTakeFirst(),
    );
    return row?.at ?? null;
  }

  /** Queues the reminders that are due. */
  async queueReminders(wall: number): Promise<void> {
    await this.queue.submit(async (tx) => {
      const due = await tx.selectFrom('local.notice').selectAll().where('remind_at', '<=', wall).execute();
      for (const row of due) {
        const notification = this.read(row);
        if (notification?.kind !== 'escalation') {
          // Otherwise it would stay due forever.
          await tx.updateTable('local.notice').set({ remind_at: null }).where('id', '=', row.id).execute();
          continue;
        }
        const { incidentId, agentId, name, cause, line, reminderMs } = notification;
        await tx
          .deleteFrom('local.notice')
          .where('incident_id', '=', incidentId)
          .where('kind', '=', 'reminder')
          .execute();
        await this.add(tx, { kind: 'reminder', incidentId, agentId, name, cause, line, since: row.created_at }, wall);
        await scheduleReminder(tx, incidentId, wall + reminderMs);
      }
    });
  }

  /** Deletes sent notifications that are too old to matter, except those with a reminder. */
  async prune(wall: number): Promise<void> {
    await this.queue.submit(async (tx) => {
      await tx
        .deleteFrom('local.notice')
        .where('state', '=', 'told')
        .where('remind_at', 'is', null)
        .where('created_at', '<', wall - KEPT_MS)
        .execute();
    });
  }
}

async function hasEscalation(tx: Tx, incidentId: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from local.notice where incident_id = ${incidentId} and kind = 'escalation'
  `.execute(tx);
  return rows.length > 0;
}

/** Schedules a reminder, unless the incident has been closed meanwhile. */
async function scheduleReminder(tx: Tx, incidentId: string, at: number): Promise<void> {
  const over = await tx
    .selectFrom('local.notice')
    .select('id')
    .where('incident_id', '=', incidentId)
    .where('kind', 'in', ['recovered', 'closed'])
    .executeTakeFirst();
  if (over !== undefined) return;
  await tx
    .updateTable('local.notice')
    .set({ remind_at: at })
    .where('incident_id', '=', incidentId)
    .where('kind', '=', 'escalation')
    .execute();
}
