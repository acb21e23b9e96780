import { Injectable, Logger } from '@nestjs/common';
import { AgentSupervisor, DeadmanPing, SelfHealingLoop } from '../healing';
import { SupabaseMirror } from '../mirror';
import { Notifications } from '../notifications';
import { DatabaseReadiness } from './database-readiness';
import { degraded, down, up, type Part } from './readiness-part';

/** Reports for each part of the service whether it works: can agents be started, healed and recorded? */
@Injectable()
export class Readiness {
  private readonly logger = new Logger('Readiness');
  private readonly logged = new Map<string, string | null>();
  private isServing = false;

  constructor(
    private readonly database: DatabaseReadiness,
    private readonly supervisor: AgentSupervisor,
    private readonly loop: SelfHealingLoop,
    private readonly deadman: DeadmanPing,
    private readonly notifications: Notifications,
    private readonly mirror: SupabaseMirror,
  ) {}

  /** Reports the agents as registered from now on, including the first-start agents. */
  markRegistered(): void {
    this.isServing = true;
  }

  async parts(): Promise<readonly Part[]> {
    const parts = [
      this.agentsPart(),
      await this.database.part(),
      this.processManagerPart(),
      this.loopsPart(),
      this.telegramPart(),
      this.mirrorPart(),
    ];
    for (const part of parts) this.logChange(part);
    return parts;
  }

  private agentsPart(): Part {
    if (!this.isServing) return down('agents', 'agents are being registered');
    return this.supervisor.latest() === null ? down('agents', 'no snapshot was taken yet') : up('agents');
  }

  private processManagerPart(): Part {
    const detail = this.supervisor.processManagerError();
    return detail === null ? up('pm2') : down('pm2', 'PM2 does not answer', detail);
  }

  /** Reports the healing loop and the deadman ping. After a failed pass the loop continues. */
  private loopsPart(): Part {
    if (this.loop.lastError !== null) return degraded('loops', 'a healing pass failed', this.loop.lastError);
    const { lastError } = this.deadman;
    return lastError === null ? up('loops') : degraded('loops', 'DEADMAN_URL does not answer', lastError);
  }

  /** Reports Telegram. Without a token, escalations are only logged, and that is not a fault. */
  private telegramPart(): Part {
    const { configured, degraded: detail, waiting } = this.notifications.status();
    const facts = { configured, waiting };
    return detail === null ? up('telegram', facts) : degraded('telegram', 'messages are not delivered', detail, facts);
  }

  /** Reports the mirror. Without a project only the local database is used, and that is not a fault. */
  private mirrorPart(): Part {
    const { configured, waiting, lagSeconds, setAside, degraded: detail } = this.mirror.status();
    const facts = { configured, waiting, lagSeconds, setAside };
    return detail === null ? up('mirror', facts) : degraded('mirror', 'changes are not mirrored', detail, facts);
  }

  private logChange({ name, state, reason, detail }: Part): void {
    const before = this.logged.get(name) ?? null;
    this.logged.set(name, reason);
    if (before === reason) return;
    if (reason === null) this.logger.log({ part: name }, 'part recovered');
    else this.logger.warn({ part: name, state, reason, detail }, 'part unhealthy');
  }
}
