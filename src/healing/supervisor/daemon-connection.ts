import { detailOf, FailureLog, SingleFlight, type Clock, type Timer } from '../../kernel';
import type { ProcessManager } from '../../processes';
import { DAEMON_UPDATE_MS } from '../machine';
import type { HealingLog } from '../actor/ports';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

export interface DaemonEvents {
  onLost(detail: string): void;
  /** Connected, for the first time or again. A snapshot with a full scan must follow. */
  onConnected(isFirst: boolean): void;
}

/**
 * Keeps the connection to PM2's daemon, and starts a daemon where none runs. One that was killed on purpose is not
 * started again until an agent is to be started, or until {@link DaemonConnection.reconsider} finds it necessary.
 */
export class DaemonConnection {
  private timer: Timer | null = null;
  private retryMs = FIRST_RETRY_MS;
  /** `Clock.now()` when the operator killed it; null: the operator did not. */
  private endedOnPurposeAt: number | null = null;
  private readonly connecting = new SingleFlight<void>();
  private everConnected = false;
  private stopped = false;
  private failures: FailureLog;

  /** Error of the last attempt; null while connected. */
  lastError: string | null = 'not connected yet';

  constructor(
    private readonly runtime: ProcessManager,
    private readonly clock: Clock,
    private readonly log: HealingLog,
    private readonly events: DaemonEvents,
  ) {
    this.failures = new FailureLog(log);
  }

  /** Tries to connect once. If that fails, retries in the background. */
  async start(): Promise<void> {
    await this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Notes that the operator kills the daemon: `pm2 kill`, or the first half of `pm2 update`. */
  onEnding(): void {
    this.endedOnPurposeAt = this.clock.now();
  }

  /**
   * Starts a daemon after one was killed on purpose, if a phase needs it to settle. Waits until it is clear that `pm2
   * update` does not start one, because two daemons at once would be worse.
   */
  reconsider(isNeeded: boolean): void {
    if (!isNeeded || this.endedOnPurposeAt === null) return;
    if (this.clock.now() - this.endedOnPurposeAt >= DAEMON_UPDATE_MS) void this.ensure();
  }

  /** Ensures that a daemon runs, because an agent is to be started. */
  async ensure(): Promise<void> {
    this.endedOnPurposeAt = null;
    if (!this.runtime.isConnected()) await this.connect();
  }

  onLost(detail: string): void {
    if (this.stopped) return;
    this.lastError = detail;
    this.retryMs = FIRST_RETRY_MS;
    this.events.onLost(detail);
    // Retry at once, then with a back-off: nothing can be restarted without a daemon.
    this.retry(0);
  }

  private retry(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.clock.after(delayMs, () => {
      void this.connect();
    });
  }

  /** Connects, one attempt at a time. Callers share the attempt in progress. */
  private connect(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return this.connecting.run(() => this.attempt());
  }

  private async attempt(): Promise<void> {
    try {
      await this.runtime.connect(this.endedOnPurposeAt === null);
      if (this.everConnected && this.lastError !== null) this.log.info({}, 'process manager reached again');
      this.failures = new FailureLog(this.log);
      this.lastError = null;
      this.retryMs = FIRST_RETRY_MS;
      const isFirst = !this.everConnected;
      this.everConnected = true;
      this.endedOnPurposeAt = null;
      this.events.onConnected(isFirst);
    } catch (error) {
      this.lastError = detailOf(error);
      // Log each reason once per outage. Reasons may alternate, and may contain a pid or a time that differs.
      const reason = this.lastError.replace(/\d+/g, '');
      this.failures.reportFailure(reason, { error: this.lastError }, 'process manager unreachable');
      if (!this.isStopped()) this.retry(this.retryMs);
      this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2);
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }
}
