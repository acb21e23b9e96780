import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { AgentSupervisor } from '../healing';
import { Database, WriteQueue } from '../persistence';

/** Whether we can do our work, part by part. */
@Injectable()
export class Readiness {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly supervisor: AgentSupervisor,
  ) {}

  async checkDatabase(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    const waiting = { waitingWrites: this.queue.size, droppedWrites: this.queue.dropped };
    try {
      await this.database.ping();
    } catch {
      // Its `lastError` says what it was.
    }
    const reason = this.database.lastError;
    return reason === null ? indicator.up(waiting) : indicator.down({ reason, ...waiting });
  }

  checkProcessManager(): HealthIndicatorResult {
    const indicator = this.indicators.check('pm2');
    const reason = this.supervisor.processManagerError();
    return reason === null ? indicator.up() : indicator.down({ reason });
  }
}
