import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { sql } from 'kysely';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CLOCK, isoTime, messageOf, type Clock } from '../kernel';
import { Database } from './database';
import { WriteQueue } from './write-queue';

const PRUNE = 'retention';
const VACUUM = 'vacuum';
const PRUNE_MS = 60_000;
const VACUUM_MS = 3_600_000;
/** Few enough that nobody waits long behind them. */
const BATCH = 500;
/** The next pass goes on: what is to be pruned at once, after a setting was changed, need not be gone in one. */
const BATCHES_A_PASS = 40;
const DAY_MS = 86_400_000;
const OUR_TABLES = `
  select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'local') order by 1
`;

/**
 * Removes what is older than it is to be kept, a few rows at a time. Where there is a mirror it hears of each row, as of
 * every other change.
 */
@Injectable()
export class Retention {
  private readonly logger = new Logger(Retention.name);
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

  /** One pass; one at a time. It never rejects: what fails is tried again by the next one. */
  async prune(): Promise<void> {
    if (this.isPruning) return;
    this.isPruning = true;
    const { HEALTH_LOG_RETENTION_DAYS: checks, EVENT_RETENTION_DAYS: events } = this.settings;
    try {
      await this.pruneTable('actp_agent_health_log', 'checked_at', checks);
      await this.pruneTable('actp_agent_restarts', 'restarted_at', events);
      await this.pruneTable('actp_agent_events', 'occurred_at', events);
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'old rows could not be removed yet');
    } finally {
      this.isPruning = false;
    }
  }

  /**
   * Gives the room of removed rows to later ones: the embedded database has no process of its own that would (measured:
   * without it a table grows by all that was ever written to it). A table at a time, so that nobody waits for all of them;
   * never rejects.
   */
  async vacuum(): Promise<void> {
    try {
      const { rows } = await this.database.read((db) => sql<{ name: string }>`${sql.raw(OUR_TABLES)}`.execute(db));
      for (const { name } of rows) await this.database.read((db) => sql`vacuum ${sql.table(name)}`.execute(db));
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'the room of removed rows could not be given back yet');
    }
  }

  private async pruneTable(table: string, column: string, days: number): Promise<void> {
    // The earlier of two clocks: one that was set ahead by mistake removes nothing before its time.
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
