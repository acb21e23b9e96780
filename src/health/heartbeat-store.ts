import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Database, WriteQueue } from '../persistence';

const announcementSchema = z.object({ endpoint: z.string().nullable(), healthUrl: z.string().nullable() });

export type Announcement = Readonly<z.output<typeof announcementSchema>>;

export interface SavedHeartbeat {
  readonly incarnation: string | null;
  readonly announced: Announcement | null;
  readonly lastTask: string | null;
}

/** What of heartbeats has to survive a restart of ours. */
@Injectable()
export class HeartbeatStore {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  async loadAll(): Promise<ReadonlyMap<string, SavedHeartbeat>> {
    const rows = await this.database.read((db) => db.selectFrom('local.heartbeat').selectAll().execute());
    return new Map(
      rows.map((row) => {
        const announced = announcementSchema.nullable().parse(row.announced);
        return [row.agent_id, { incarnation: row.incarnation, announced, lastTask: row.last_task }];
      }),
    );
  }

  save(agentId: string, heartbeat: SavedHeartbeat): Promise<void> {
    const columns = {
      incarnation: heartbeat.incarnation,
      announced: heartbeat.announced === null ? null : JSON.stringify(heartbeat.announced),
      last_task: heartbeat.lastTask,
    };
    return this.queue.submit(async (tx) => {
      await tx
        .insertInto('local.heartbeat')
        .values({ agent_id: agentId, ...columns })
        .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columns))
        .execute();
    });
  }

  remove(agentId: string): Promise<void> {
    return this.queue.submit(async (tx) => {
      await tx.deleteFrom('local.heartbeat').where('agent_id', '=', agentId).execute();
    });
  }
}
