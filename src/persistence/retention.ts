import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { sql } from 'kysely';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CLOCK, FailureLog, isoTime, messageOf, type Clock } from '../kernel';
import { Database } from './database/database';
import { WriteQueue } from './write-queue';

const PRUNE = 'retention';
const VACUUM = 'vacuum';
const PRUNE_MS = 60_000;
const VACUUM_MS = 3_600_000;
/** Small, so that other writers do not wait long. */
const BATCH = 500;
/** Limit of one pass. After the retention was shortened, the backlog is removed over several passes. */
const BATCHES_A_PASS = 40;
const DAY_MS = 86_400_000;
const OUR_TABLES = `
  select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'local') order by 1
`;

/**
 * Deletes rows that are older than their retention, in small batches. With a mirror, the deletions are uploaded like
 * any other change.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger(Retention.name);
  private readonly failures = new FailureLog({
    info: (fields, message) => {
      this.logger.log({ ...fields }, message);
    },
    warn: (fields, message) => {
      this.logger.warn({ ...fields }, message);
    },
  });
  private isPruning = false;

  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly scheduler: SchedulerRegistry,
    @Inject(SETTINGS)
    private readonly settings: Pick<ResolvedSettings, 'HEALTH_LOG_RETENTION_DAYS' | 'EVENT_RETENTION_DAYS'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  begin(): void {
    void this.prune();
    const prune = setInterval(() => void this.prune(), PRUNE_MS);
    const vacuum = setInterval(() => void this.vacuum(), VACUUM_MS);
    this.scheduler.addInterval(PRUNE, prune);
    this.scheduler.addInterval(VACUUM, vacuum);
  }

  end(): void {
    for (const name of [PRUNE, VACUUM])
      if (this.scheduler.doesExist('interval', name)) this.scheduler.deleteInterval(name);
  }

  /** Prunes once; a call during a pass does nothing. Never rejects: the next pass retries what failed. */
  async prune(): Promise<void> {
    if (this.isPruning) return;
    this.isPruning = true;
    const { HEALTH_LOG_RETENTION_DAYS: checks, EVENT_RETENTION_DAYS: events } = this.settings;
    try {
      await this.pruneTable('actp_agent_health_log', 'checked_at', checks);
      await this.pruneTable('actp_agent_restarts', 'restarted_at', events);
      await this.pruneTable('actp_agent_events', 'occurred_at', events);
      this.failures.reportRecovery(PRUNE, {}, 'prune recovered');
    } catch (error) {
      this.failures.reportFailure(PRUNE, { error: messageOf(error) }, 'prune failed');
    } finally {
      this.isPruning = false;
    }
  }

  /**
   * Makes the space of deleted rows reusable. The embedded database has no autovacuum (measured: without this a table
   * grows by everything that was ever written to it). Vacuums one table at a time, so that callers wait for one table
   * at most. Never rejects.
   */
  async vacuum(): Promise<void> {
    try {
      const { rows } = await this.database.read((db) => sql<{ name: string }>`${sql.raw(OUR_TABLES)}`.execute(db));
      for (const { name } of rows) await this.database.read((db) => sql`vacuum ${sql.table(name)}`.execute(db));
      this.failures.reportRecovery(VACUUM, {}, 'vacuum recovered');
    } catch (error) {
      this.failures.reportFailure(VACUUM, { error: messageOf(error) }, 'vacuum failed');
    }
  }

  private async pruneTable(table: string, column: string, days: number): Promise<void> {
    // Uses the earlier of the two clocks: a wall clock set ahead by mistake must not delete rows too early.
    const before = isoTime(Math.max(0, Math.min(this.clock.wall(), this.clock.now()) - days * DAY_MS));
    for (let batch = 0; batch < BATCHES_A_PASS; batch += 1)
      if ((await this.pruneBatch(table, column, before)) < BATCH) return;
  }

  private async pruneBatch(table: string, column: string, before: string): Promise<number> {
    let removed = 0;
    await this.queue.submit(async (tx) => {
      const { numAffectedRows } = await sql`
        delete from ${sql.table(table)} where id in (
          select id from ${sql.table(table)} where ${sql.ref(column)} < ${before} order by ${sql.ref(column)} limit ${BATCH}
        )
      `.execute(tx);
      removed = Number(numAffectedRows ?? 0);
    });
    return removed;
  }
}
