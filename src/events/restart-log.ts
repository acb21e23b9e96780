import { Inject, Injectable } from '@nestjs/common';
import { isoTime, NEW_ID, type NewId } from '../kernel';
import { Database, InstanceIdentity, type Tx } from '../persistence';

/** Launch that replaced an earlier process, or failed to. */
export interface RestartDraft {
  readonly agentId: string;
  readonly reason: string;
  readonly pidBefore: number | null;
  readonly pidAfter: number | null;
  readonly success: boolean;
  readonly incidentId: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly restartedAt: number;
}

export interface RestartRow extends RestartDraft {
  readonly id: string;
}

/** Stores the history of restarts, each in the transaction of the decision on its outcome. */
@Injectable()
export class RestartLog {
  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  async append(tx: Tx, drafts: readonly RestartDraft[]): Promise<void> {
    if (drafts.length === 0) return;
    await tx
      .insertInto('actp_agent_restarts')
      .values(
        drafts.map((draft) => ({
          id: this.newId(),
          instance: this.instance.id,
          agent_id: draft.agentId,
          reason: draft.reason,
          pid_before: draft.pidBefore,
          pid_after: draft.pidAfter,
          success: draft.success,
          incident_id: draft.incidentId,
          restarted_at: isoTime(draft.restartedAt),
        })),
      )
      .execute();
  }

  /** Returns restarts, newest first. @param limit 1 to 1,000 */
  async list(agentId: string, limit: number): Promise<RestartRow[]> {
    const rows = await this.database.read((db) =>
      db
        .selectFrom('actp_agent_restarts')
        .selectAll()
        .where('agent_id', '=', agentId)
        .orderBy('restarted_at', 'desc')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      agentId: row.agent_id,
      reason: row.reason,
      pidBefore: row.pid_before,
      pidAfter: row.pid_after,
      success: row.success,
      incidentId: row.incident_id,
      restartedAt: row.restarted_at.getTime(),
    }));
  }
}
