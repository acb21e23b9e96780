import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import {
  CLOCK,
  exponentialDelay,
  isProblem,
  isSettledWithin,
  messageOf,
  NextFlight,
  RANDOM,
  type Clock,
  type Random,
} from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { readMigrations } from '../persistence';
import { MANY, statusOf, statusWithoutMirror, type MirrorStatus } from './mirror-status';
import { outageOf, type Outage } from './outage';
import { Outbox, type OutboxState, type Refusal } from './outbox';
import { UPLOAD_PASS, UploadPass } from './upload-pass';

const INTERVAL = 'mirror upload';
const UPLOAD_MS = 1_000;
const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
/** Interval of the counts during an upload. */
const COUNT_MS = 1_000;
const END_MS = 2_000;

const NOTHING: OutboxState = { waiting: 0, oldestAt: null, setAside: 0, refused: 0 };

/**
 * Uploads every change to Supabase, in order and at its own pace. Supervision never waits for it. Changes that Supabase
 * does not take stay in the outbox, through outages and restarts of the supervisor.
 */
@Injectable()
export class SupabaseMirror {
  private readonly logger = new Logger('Mirror');
  private counts: OutboxState = NOTHING;
  private outage: Outage | null = null;
  private failures = 0;
  private nextAt = 0;
  private countedAt = 0;
  private warnAt = MANY;
  private isEnded = false;
  private readonly passes = new NextFlight<void>(() => this.runPass());

  constructor(
    private readonly outbox: Outbox,
    /** null: there is no project. */
    @Inject(UPLOAD_PASS) private readonly upload: UploadPass | null,
    private readonly scheduler: SchedulerRegistry,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: Random,
  ) {}

  /** Starts to note and upload changes; without a mirror nothing is noted. Must run before the first write. */
  async begin(): Promise<void> {
    const { SUPABASE_URL: url } = this.settings;
    if (this.upload === null || url === undefined) {
      await this.outbox.disable();
      return;
    }
    await this.outbox.enable(url);
    const interval = setInterval(() => {
      if (this.passes.isIdle && this.clock.now() >= this.nextAt) void this.pass();
    }, UPLOAD_MS);
    this.scheduler.addInterval(INTERVAL, interval);
  }

  /** Stops uploading. Waits at most 2 s for the request that is under way. */
  async end(): Promise<void> {
    this.isEnded = true;
    if (this.scheduler.doesExist('interval', INTERVAL)) this.scheduler.deleteInterval(INTERVAL);
    if (!this.passes.isIdle) await isSettledWithin(this.clock, this.passes.waitUntilIdle(), END_MS);
  }

  /** Counts the waiting changes now, and returns the {@link status}. */
  async currentStatus(): Promise<MirrorStatus> {
    await this.count();
    return this.status();
  }

  /**
   * Returns the status as counted at the last pass, about a second ago. While the mirror backs off, the counts may be a
   * minute old.
   */
  status(): MirrorStatus {
    const wallMs = this.clock.wall();
    if (this.upload === null) return statusWithoutMirror(this.counts, missingSetting(this.settings), wallMs);
    return statusOf(this.counts, this.outage, wallMs);
  }

  /** Returns rows that Supabase refused, newest first. @throws Problem `database-unavailable` */
  refusals(limit: number): Promise<Refusal[]> {
    return this.outbox.refusals(limit);
  }

  /**
   * Queues all refused rows again, and ends a back-off. The next pass uploads them.
   *
   * @returns the number of rows
   * @throws Problem `database-unavailable`
   */
  async retry(): Promise<number> {
    const count = await this.outbox.retryAll();
    this.nextAt = 0;
    return count;
  }

  /**
   * Uploads the waiting changes, one pass at a time. A pass that began before the call may have missed the latest
   * changes, so the call waits for it and starts another; calls that wait share that one.
   *
   * Resolves when the pass is over, even if it failed; never rejects.
   */
  pass(): Promise<void> {
    return this.upload === null || this.isEnded ? Promise.resolve() : this.passes.run();
  }

  private async runPass(): Promise<void> {
    const { upload } = this;
    const isStopped = () => this.isEnded;
    if (upload === null || isStopped()) return;
    try {
      await upload.run({
        isStopped,
        onWrite: () => this.countIfDue(),
        // Progress resets the back-off, so that an occasional failure does not slow the upload down.
        onSent: () => {
          this.failures = 0;
        },
      });
      if (this.counts.refused > 0) await upload.retryRefused();
      if (this.outage !== null) this.logger.log('upload recovered');
      this.outage = null;
      this.failures = 0;
    } catch (error) {
      upload.fence();
      if (!isStopped()) this.onFailure(await upload.explain(error));
    }
    await this.count();
  }

  private onFailure(error: unknown): void {
    this.failures += 1;
    const delayMs = exponentialDelay(this.failures, BACKOFF, this.random);
    this.nextAt = this.clock.now() + delayMs;
    const before = this.outage?.error;
    this.outage = outageOf(error, readMigrations());
    const { error: what, advice } = this.outage;
    if (what !== before) this.logger.warn({ error: what, advice, delayMs }, 'upload failed');
  }

  private async countIfDue(): Promise<void> {
    if (this.clock.now() - this.countedAt >= COUNT_MS) await this.count();
  }

  /** Updates the counts that readers see. They do not change while the database is unavailable. */
  private async count(): Promise<void> {
    this.countedAt = this.clock.now();
    try {
      this.counts = await this.outbox.state();
    } catch (error) {
      if (!isProblem(error)) this.logger.warn({ error: messageOf(error) }, 'outbox read failed');
    }
    if (this.counts.waiting < MANY) this.warnAt = MANY;
    if (this.counts.waiting < this.warnAt) return;
    this.logger.warn({ waiting: this.counts.waiting }, 'upload is far behind');
    this.warnAt = this.counts.waiting * 2;
  }
}

/** Returns the missing one of two settings that need each other; null if both are set, or neither is. */
function missingSetting(settings: ResolvedSettings): string | null {
  const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = settings;
  if ((url === undefined) === (key === undefined)) return null;
  return url === undefined ? 'SUPABASE_URL' : 'SUPABASE_SERVICE_ROLE_KEY';
}
