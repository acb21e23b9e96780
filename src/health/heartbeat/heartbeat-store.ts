import { Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { heartbeatSchema } from '../../kernel';
import { Database, WriteQueue, type Tx } from '../../persistence';
import { isRegistered } from '../../registry';
import { runIdOf } from '../watch-target';

const announcementSchema = heartbeatSchema.pick({ endpoint: true, healthUrl: true }).required();

export type Announcement = Readonly<z.output<typeof announcementSchema>>;

/** Claims from an agent's heartbeats that must survive a restart of the supervisor. */
export interface SavedHeartbeat {
  readonly incarnation: string | null;
  readonly announced: Announcement | null;
  /** Latest task that a run of the agent reported, unless a later run has reported that it has no task. */
  readonly lastTask: string | null;
  /** Run that reported `lastTask`; null if there is no task, or the agent is external. */
  readonly taskRunId: string | null;
}

/** Persists the claims from heartbeats. */
@Injectable()
export class HeartbeatStore {
  private readonly logger = new Logger('Heartbeats');

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  /** Loads all rows. An unreadable row is logged and skipped, because the agent announces itself again. */
  async loadAll(): Promise<ReadonlyMap<string, SavedHeartbeat>> {
    const rows = await this.database.read((db) => db.selectFrom('local.heartbeat').selectAll().execute());
    const loaded = new Map<string, SavedHeartbeat>();
    for (const row of rows) {
      const announced = announcementSchema.nullable().safeParse(row.announced);
      if (announced.success) {
        const { incarnation, last_task: lastTask, task_run: taskRun } = row;
        const taskRunId = lastTask === null || incarnation === null ? null : (taskRun ?? runIdOf(incarnation));
        loaded.set(row.agent_id, { incarnation, announced: announced.data, lastTask, taskRunId });
      } else {
        this.logger.warn({ agentId: row.agent_id, error: z.prettifyError(announced.error) }, 'saved heartbeat skipped');
      }
    }
    return loaded;
  }

  /**
   * Saves the row of a registered agent.
   *
   * @param isCurrent returns false once the agent was unregistered; called inside the transaction
   * @returns false if nothing was saved because the agent is no longer registered
   */
  async save(agentId: string, heartbeat: SavedHeartbeat, isCurrent: () => boolean): Promise<boolean> {
    const columns = {
      incarnation: heartbeat.incarnation,
      announced: heartbeat.announced === null ? null : JSON.stringify(heartbeat.announced),
      last_task: heartbeat.lastTask,
      task_run: heartbeat.taskRunId,
    };
    let isSaved = false;
    await this.queue.submit(async (tx) => {
      isSaved = isCurrent() && (await isRegistered(tx, agentId));
      if (!isSaved) return;
      await tx
        .insertInto('local.heartbeat')
        .values({ agent_id: agentId, ...columns })
        .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columns))
        .execute();
    });
    return isSaved;
  }

  async removeRow(tx: Tx, agentId: string): Promise<void> {
    await tx.deleteFrom('local.heartbeat').where('agent_id', '=', agentId).execute();
  }

  /** Removes the row in its own transaction. */
  remove(agentId: string): Promise<void> {
    return this.queue.submit((tx) => this.removeRow(tx, agentId));
  }
}
