import { Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { heartbeatSchema } from '../../kernel';
import { Database, WriteQueue, type Tx } from '../../persistence';
import { isRegistered } from '../../registry';

const announcementSchema = heartbeatSchema.pick({ endpoint: true, healthUrl: true }).required();

export type Announcement = Readonly<z.output<typeof announcementSchema>>;

/** Claims from an agent's heartbeats that must survive a restart of the supervisor. */
export interface SavedHeartbeat {
  readonly incarnation: string | null;
  readonly announced: Announcement | null;
  readonly lastTask: string | null;
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
        loaded.set(row.agent_id, {
          incarnation: row.incarnation,
          announced: announced.data,
          lastTask: row.last_task,
        });
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
