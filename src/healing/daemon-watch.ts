import { detailOf, type Clock, type Timer } from '../kernel';
import type { ProcessRuntime } from '../runtime';
import { DAEMON_UPDATE_MS } from './machine';
import type { HealingLog } from './ports';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

export interface DaemonEvents {
  /** A person has ended it (`pm2 kill`), and it stays away: so many agents are stopped with it. */
  ended?(agents: number): void;
  lost(detail: string): void;
  /** Connected again, or for the first time: a list of everything has to follow. */
  connected(first: boolean): void;
}

/**
 * Keeps us connected to PM2's daemon, and starts one where none runs. Only a daemon that was ended on purpose is not
 * started again by us, until a person spawns something.
 */
export class DaemonWatch {
  private timer: Timer | null = null;
  private retryMs = FIRST_RETRY_MS;
  /** `Clock.now()` when a person ended it; null: nobody did. */
  private endedOnPurposeAt: number | null = null;
  private connecting: Promise<void> | null = null;
  private everConnected = false;
  private stopped = false;

  /** What the last attempt failed with; null while connected. */
  lastError: string | null = 'not connected yet';

  constructor(
    private readonly runtime: ProcessRuntime,
    private readonly clock: Clock,
    private readonly log: HealingLog,
    private readonly events: DaemonEvents,
  ) {}

  /** Tries once; where that fails, goes on trying in the background. */
  async start(): Promise<void> {
    await this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** A person ends the daemon: `pm2 kill`, or its first half of `pm2 update`. */
  ending(): void {
    this.endedOnPurposeAt = this.clock.now();
  }

  /**
   * A daemon that was ended on purpose stays away; only where something is left that needs one to be settled is it
   * started, and not before it is plain that nobody else does (two daemons at once would be worse).
   */
  reconsider(isNeeded: boolean): void {
    if (!isNeeded || this.endedOnPurposeAt === null) return;
    if (this.clock.now() - this.endedOnPurposeAt >= DAEMON_UPDATE_MS) void this.wanted();
  }

  /** A person wants an agent to run: then there has to be a daemon. */
  async wanted(): Promise<void> {
    this.endedOnPurposeAt = null;
    if (!this.runtime.isConnected()) await this.connect();
  }

  lost(detail: string): void {
    if (this.stopped) return;
    this.lastError = detail;
    this.retryMs = FIRST_RETRY_MS;
    this.events.lost(detail);
    // At once, and only then with pauses: every moment without a daemon is one without restarts.
    this.retry(0);
  }

  private retry(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(delayMs, () => {
      void this.connect();
    });
  }

  /** One attempt at a time; who asks meanwhile waits for it. */
  private connect(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.connecting ??= this.attempt().finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async attempt(): Promise<void> {
    try {
      await this.runtime.connect(this.endedOnPurposeAt === null);
      this.lastError = null;
      this.retryMs = FIRST_RETRY_MS;
      const first = !this.everConnected;
      this.everConnected = true;
      this.endedOnPurposeAt = null;
      this.events.connected(first);
    } catch (error) {
      if (this.lastError !== detailOf(error)) this.log.warn({ error: detailOf(error) }, 'PM2 cannot be reached');
      this.lastError = detailOf(error);
      if (!this.isStopped()) this.retry(this.retryMs);
      this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2);
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}
