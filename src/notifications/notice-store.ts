import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { NEW_ID, type NewId } from '../kernel';
import { Database, WriteQueue, type Tx } from '../persistence';
import { noticeSchema, type Notice } from './notice';

/** Told notices are kept for so long, so that an incident is never told twice. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** A notice that waits to be told, or whose incident is open. */
export interface SavedNotice {
  readonly id: string;
  readonly notice: Notice;
  /** Chats that have been told. */
  readonly told: readonly string[];
  /** Wall clock, epoch milliseconds. */
  readonly createdAt: number;
}

/** Notices on disk: what was queued is told, whatever happens to us. */
@Injectable()
export class NoticeStore {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /** Within the transaction of what it tells of; a second one of the same kind of an incident changes nothing. */
  async add(tx: Tx, notice: Notice, wall: number): Promise<void> {
    // Who was never told of an incident is not told of its end.
    if (notice.kind === 'recovered' && !(await hasEscalation(tx, notice.incidentId))) return;
    if (notice.kind === 'recovered') await this.closeIncident(tx, notice.incidentId);
    await tx
      .insertInto('local.notice')
      .values({
        ...{ id: this.newId(), incident_id: notice.incidentId, kind: notice.kind, created_at: wall },
        ...{ body: JSON.stringify(notice), told: '[]', state: 'waiting', remind_at: null },
      })
      .onConflict((conflict) => conflict.columns(['incident_id', 'kind']).doNothing())
      .execute();
  }

  /** No reminders any more. */
  async closeIncident(tx: Tx, incidentId: string): Promise<void> {
    await tx
      .updateTable('local.notice')
      .set({ remind_at: null })
      .where('incident_id', '=', incidentId)
      .where('kind', '=', 'escalation')
      .execute();
    await tx.deleteFrom('local.notice').where('incident_id', '=', incidentId).where('kind', '=', 'reminder').execute();
    // Its escalation may be told only later, and then there is nothing to remind of any more.
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

  /** What is to be told, oldest first. */
  async waiting(): Promise<SavedNotice[]> {
    const rows = await this.database.read((db) =>
      db.selectFrom('local.notice').selectAll().where('state', '=', 'waiting').orderBy('created_at').execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      notice: noticeSchema.parse(row.body),
      told: row.told,
      createdAt: row.created_at,
    }));
  }

  /** Saves who was told; `isDone`: everybody. */
  async saveTold(saved: SavedNotice, isDone: boolean, wall: number): Promise<void> {
    const { notice } = saved;
    await this.queue.submit(async (tx) => {
      await tx
        .updateTable('local.notice')
        .set({ told: JSON.stringify(saved.told), ...(isDone ? { state: 'told' as const } : {}) })
        .where('id', '=', saved.id)
        .execute();
      const reminds = isDone && notice.kind === 'escalation' && !notice.goesOn && notice.reminderMs > 0;
      if (reminds) await remindAt(tx, notice.incidentId, wall + notice.reminderMs);
    });
  }

  /** When the next reminder is due, wall clock; null: none is. */
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
  async remind(wall: number): Promise<void> {
    await this.queue.submit(async (tx) => {
      const due = await tx.selectFrom('local.notice').selectAll().where('remind_at', '<=', wall).execute();
      for (const row of due) {
        const notice = noticeSchema.parse(row.body);
        if (notice.kind !== 'escalation') continue;
        const { incidentId, agentId, name, cause, line, reminderMs } = notice;
        await tx
          .deleteFrom('local.notice')
          .where('incident_id', '=', incidentId)
          .where('kind', '=', 'reminder')
          .execute();
        await this.add(tx, { kind: 'reminder', incidentId, agentId, name, cause, line, since: row.created_at }, wall);
        await remindAt(tx, incidentId, wall + reminderMs);
      }
    });
  }

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

/** Only while the incident is open: what was closed meanwhile is not reminded of. */
async function remindAt(tx: Tx, incidentId: string, at: number): Promise<void> {
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
