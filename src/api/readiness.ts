import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { AgentSupervisor, DeadmanPing, SelfHealingLoop } from '../healing';
import { Notifications } from '../notifications';
import { Database, SupabaseMirror, WriteQueue } from '../persistence';

/** Whether we can do our work, part by part. */
@Injectable()
export class Readiness {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly supervisor: AgentSupervisor,
    private readonly loop: SelfHealingLoop,
    private readonly deadman: DeadmanPing,
    private readonly notifications: Notifications,
    private readonly mirror: SupabaseMirror,
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

  /** The loops that heal and watch: what fails in them shows, and does not end them. */
  checkLoops(): HealthIndicatorResult {
    const indicator = this.indicators.check('loops');
    const reason =
      this.loop.lastError ?? (this.deadman.lastError === null ? null : `DEADMAN_URL: ${this.deadman.lastError}`);
    return reason === null ? indicator.up() : indicator.up({ degraded: true, reason });
  }

  /** Without a token escalations are logged, and that is no fault. */
  checkTelegram(): HealthIndicatorResult {
    const indicator = this.indicators.check('telegram');
    const { configured, degraded, waiting } = this.notifications.status();
    const facts = { configured, waiting };
    return degraded === null ? indicator.up(facts) : indicator.up({ degraded: true, reason: degraded, ...facts });
  }

  /** Without a project the local database alone is used, and that is no fault. */
  checkMirror(): HealthIndicatorResult {
    const indicator = this.indicators.check('mirror');
    const { configured, waiting, lagSeconds, setAside, lastError, degraded } = this.mirror.status();
    const facts = { configured, waiting, lagSeconds, setAside, lastError };
    return degraded === null ? indicator.up(facts) : indicator.up({ degraded: true, reason: degraded, ...facts });
  }

  checkProcessManager(): HealthIndicatorResult {
    const indicator = this.indicators.check('pm2');
    const reason = this.supervisor.processManagerError();
    return reason === null ? indicator.up() : indicator.down({ reason });
  }
}
