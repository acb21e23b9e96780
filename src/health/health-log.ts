import { Inject, Injectable } from '@nestjs/common';
import { isoTime, NEW_ID, type NewId } from '../kernel';
import { Database, InstanceIdentity, WriteQueue } from '../persistence';

export interface HealthLogEntry {
  readonly agentId: string;
  /** 0 to 100; null: not scored. */
  readonly healthScore: number | null;
  /** Milliseconds; null: nothing was asked, or nothing answered. */
  readonly responseMs: number | null;
  readonly error: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly checkedAt: number;
}

/** The log of checks, sampled by the monitor. A row is no promise: it waits in the queue, and holds up nobody. */
@Injectable()
export class HealthLog {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly instance: InstanceIdentity,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  append(entry: HealthLogEntry): void {
    const row = {
      id: this.newId(),
      instance: this.instance.id,
      agent_id: entry.agentId,
      health_score: entry.healthScore,
      response_ms: entry.responseMs,
      error: entry.error,
      checked_at: isoTime(entry.checkedAt),
    };
    void this.queue.submitEventually(async (tx) => {
      await tx.insertInto('actp_agent_health_log').values(row).execute();
    }, 'a health check');
  }

  /** Newest first. @param limit 1 to 1,000 */
  async list(agentId: string, limit: number): Promise<(HealthLogEntry & { readonly id: string })[]> {
    const rows = await this.database.read((db) =>
      db
        .selectFrom('actp_agent_health_log')
        .selectAll()
        .where('agent_id', '=', agentId)
        .orderBy('checked_at', 'desc')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      agentId: row.agent_id,
      healthScore: row.health_score,
      responseMs: row.response_ms,
      error: row.error,
      checkedAt: row.checked_at.getTime(),
    }));
  }
}
