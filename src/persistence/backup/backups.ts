import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { SETTINGS, type ResolvedSettings } from '../../config';
import { CLOCK, errorCodeOf, isSettledWithin, messageOf, Mutex, type Clock } from '../../kernel';
import { BACKUPS, isBackupDue } from './backup-file';
import { answerRequest, clearRequests, takeRequests, type BackupAnswer } from './backup-requests';
import { writeBackup } from './backup-writer';
import { Database } from '../database/database';

const DAILY = 'backup';
const ON_REQUEST = 'backup requests';
/**
 * Checks more often than daily whether a backup is due, since the last one may have failed or the machine may have
 * slept.
 */
const LOOK_MS = 600_000;
const REQUESTS_MS = 1_000;
const LAST_MS = 10_000;

/** Makes backups of the database: daily, on request, and at shutdown. A failure is logged and stops nothing. */
@Injectable()
export class Backups {
  private readonly logger = new Logger(Backups.name);
  private readonly folder: string;
  private readonly mutex = new Mutex();

  constructor(
    private readonly database: Database,
    private readonly scheduler: SchedulerRegistry,
    @Inject(SETTINGS) settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.folder = path.join(settings.dataDir, BACKUPS);
  }

  begin(): void {
    clearRequests(this.folder);
    void this.makeIfDue();
    const daily = setInterval(() => void this.makeIfDue(), LOOK_MS);
    const requests = setInterval(() => {
      this.answerRequests();
    }, REQUESTS_MS);
    this.scheduler.addInterval(DAILY, daily);
    this.scheduler.addInterval(ON_REQUEST, requests);
  }

  /** Makes a last backup. Stops waiting for it after 10 s. */
  async end(): Promise<void> {
    for (const name of [DAILY, ON_REQUEST])
      if (this.scheduler.doesExist('interval', name)) this.scheduler.deleteInterval(name);
    await isSettledWithin(this.clock, this.make(), LAST_MS);
  }

  /** Makes one backup at a time. */
  private make(): Promise<BackupAnswer> {
    return this.mutex.runExclusive(async (): Promise<BackupAnswer> => {
      try {
        return { file: await writeBackup(this.database, this.folder, this.clock) };
      } catch (error) {
        this.logger.warn({ error: messageOf(error) }, 'backup failed');
        return { error: messageOf(error) };
      }
    });
  }

  private async makeIfDue(): Promise<void> {
    if (isBackupDue(this.names(), this.clock.wall())) await this.make();
  }

  /** Makes one backup for all requests that are waiting. */
  private answerRequests(): void {
    try {
      const ids = takeRequests(this.folder);
      if (ids.length === 0) return;
      void this.make().then((answer) => {
        for (const id of ids) this.answer(id, answer);
      });
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'backup requests unreadable');
    }
  }

  private answer(id: string, answer: BackupAnswer): void {
    try {
      answerRequest(this.folder, id, answer);
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'backup answer failed');
    }
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder);
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT') this.logger.warn({ error: messageOf(error) }, 'backup list failed');
      return [];
    }
  }
}
