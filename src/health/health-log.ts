import { Inject, Injectable } from '@nestjs/common';
import { isoTime, NEW_ID, type NewId } from '../kernel';
import { Database, InstanceIdentity, WriteQueue } from '../persistence';

export interface HealthLogEntry {
  readonly agentId: string;
  /** 0 to 100; null if the agent was not scored. */
  readonly healthScore: number | null;
  /** Milliseconds; null if the agent was not probed. */
  readonly responseMs: number | null;
  readonly error: string | null;
  /** Wall clock, epoch milliseconds. */
  readonly checkedAt: number;
}

/**
 * Persists the checks that the monitor samples. Rows may be dropped: during a long outage of the database, only the
 * latest are kept.
 */
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
    this.queue.submitSample(async (tx) => {
      await tx.insertInto('actp_agent_health_log').values(row).execute();
    });
  }

  /**
   * Returns the latest entries, newest first.
   *
   * @param limit 1 to 1,000
   */
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
