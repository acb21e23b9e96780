import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CLOCK, errorCodeOf, isSettledWithin, messageOf, type Clock } from '../kernel';
import { BACKUPS, isBackupDue } from './backup';
import { answerRequest, clearRequests, takeRequests, type BackupAnswer } from './backup-requests';
import { writeBackup } from './backup-writer';
import { Database } from './database';

const DAILY = 'backup';
const ON_REQUEST = 'backup requests';
/** Whether it is due is looked at more often than once a day: the last one may have failed, or the machine slept. */
const LOOK_MS = 600_000;
const REQUESTS_MS = 1_000;
const LAST_MS = 10_000;

/** Backups of the database: daily, when they are asked for, and at the end. One that fails is logged and stops nothing. */
@Injectable()
export class Backups {
  private readonly logger = new Logger(Backups.name);
  private readonly folder: string;
  private last: Promise<unknown> = Promise.resolve();

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

  /** Makes the last one, if the database takes no longer than it may. */
  async end(): Promise<void> {
    for (const name of [DAILY, ON_REQUEST])
      if (this.scheduler.doesExist('interval', name)) this.scheduler.deleteInterval(name);
    await isSettledWithin(this.clock, this.make(), LAST_MS);
  }

  /** One at a time. */
  private make(): Promise<BackupAnswer> {
    const made = this.last.then(async (): Promise<BackupAnswer> => {
      try {
        return { file: await writeBackup(this.database, this.folder, this.clock) };
      } catch (error) {
        this.logger.warn({ error: messageOf(error) }, 'no backup could be made');
        return { error: messageOf(error) };
      }
    });
    this.last = made;
    return made;
  }

  private async makeIfDue(): Promise<void> {
    if (isBackupDue(this.names(), this.clock.wall())) await this.make();
  }

  /** Who asks at the same time gets the same one. */
  private answerRequests(): void {
    try {
      const ids = takeRequests(this.folder);
      if (ids.length === 0) return;
      void this.make().then((answer) => {
        for (const id of ids) this.answer(id, answer);
      });
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'requests for a backup cannot be read');
    }
  }

  private answer(id: string, answer: BackupAnswer): void {
    try {
      answerRequest(this.folder, id, answer);
    } catch (error) {
      this.logger.warn({ error: messageOf(error) }, 'a request for a backup could not be answered');
    }
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder);
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT')
        this.logger.warn({ error: messageOf(error) }, 'the backups cannot be listed');
      return [];
    }
  }
}
