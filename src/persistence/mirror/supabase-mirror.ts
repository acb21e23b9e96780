import { Inject, Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import {
  CLOCK,
  exponentialDelay,
  isProblem,
  isSettledWithin,
  messageOf,
  RANDOM,
  type Clock,
  type Random,
} from '../../kernel';
import { SETTINGS, type ResolvedSettings } from '../../config';
import { Database } from '../database';
import { InstanceIdentity } from '../instance-identity';
import { readMigrations } from '../migrator';
import { WriteQueue } from '../write-queue';
import { MirrorStopped } from './answer';
import { Comparison } from './comparison';
import { Outbox, type OutboxState, type Refusal } from './outbox';
import { Ownership } from './ownership';
import { SupabaseProject } from './supabase-project';
import { troubleOf, type Trouble } from './trouble';
import { Uploader } from './uploader';

const INTERVAL = 'mirror upload';
const UPLOAD_MS = 1_000;
const BACKOFF = { baseMs: 1_000, maxMs: 60_000 };
/** A row that was refused is tried again after so long. */
const REFUSED_MS = 10_000;
/** While it uploads, readers see how far it is. */
const LOOK_MS = 1_000;
const END_MS = 2_000;
/** So many changes that wait are worth a word. */
const MANY = 50_000;
/** So is one that waits so long. */
const LATE_SECONDS = 300;

/** How the mirror is doing. */
export interface MirrorStatus extends OutboxState {
  readonly configured: boolean;
  /** Age of the oldest change that waits, seconds; 0: everything is there. */
  readonly lagSeconds: number;
  /** `off`; `working`; `waiting` for Supabase to answer again; `paused` until a person has done something. */
  readonly state: 'off' | 'working' | 'waiting' | 'paused';
  /** What the last try failed with; null: it went well. */
  readonly lastError: string | null;
  /** Why Supabase does not have, or will not have, everything, and what to do; null: nothing is wrong. */
  readonly degraded: string | null;
}

interface Parts {
  readonly ownership: Ownership;
  readonly uploader: Uploader;
  readonly comparison: Comparison;
}

const NOTHING: OutboxState = { waiting: 0, oldestAt: null, setAside: 0, refused: 0 };

/**
 * Brings every change to Supabase, in order and at its own pace: nobody ever waits for it. What Supabase does not take stays
 * in the outbox, through outages and restarts of ours.
 */
@Injectable()
export class SupabaseMirror {
  private readonly logger = new Logger('Mirror');
  private readonly outbox: Outbox;
  private readonly parts: Parts | null;
  private state: OutboxState = NOTHING;
  private trouble: Trouble | null = null;
  private failures = 0;
  private nextAt = 0;
  private refusedAt = 0;
  private lookedAt = 0;
  private warnAt = MANY;
  private isEnded = false;
  private running: Promise<void> | null = null;

  constructor(
    database: Database,
    private readonly queue: WriteQueue,
    identity: InstanceIdentity,
    private readonly scheduler: SchedulerRegistry,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: Random,
  ) {
    this.outbox = new Outbox(database, queue);
    const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = settings;
    this.parts =
      url === undefined || key === undefined
        ? null
        : this.partsOf(new SupabaseProject({ url, key, writer: identity.writer }), identity);
  }

  /** Begins to note changes, and to upload them; without a mirror nothing is noted. Before anything is written. */
  async begin(): Promise<void> {
    const { SUPABASE_URL: url } = this.settings;
    if (this.parts === null || url === undefined) {
      await this.outbox.disable();
      return;
    }
    await this.outbox.enable(url);
    const interval = setInterval(() => {
      if (this.clock.now() >= this.nextAt) void this.pass();
    }, UPLOAD_MS);
    this.scheduler.addInterval(INTERVAL, interval);
  }

  /** Uploads nothing more; the request that is under way is not waited for long. */
  async end(): Promise<void> {
    this.isEnded = true;
    if (this.scheduler.doesExist('interval', INTERVAL)) this.scheduler.deleteInterval(INTERVAL);
    if (this.running !== null) await isSettledWithin(this.clock, this.running, END_MS);
  }

  /** {@link status}, counted now. */
  async currentStatus(): Promise<MirrorStatus> {
    await this.look();
    return this.status();
  }

  /** As of a second ago at most, while the database answers. */
  status(): MirrorStatus {
    const configured = this.parts !== null;
    return {
      ...this.state,
      configured,
      lagSeconds: this.lagSeconds(),
      state: configured ? (this.trouble?.state ?? 'working') : 'off',
      lastError: this.trouble?.error ?? null,
      degraded: this.degraded(),
    };
  }

  /** Rows that Supabase refused, the latest first. @throws Problem database-unavailable */
  refusals(limit: number): Promise<Refusal[]> {
    return this.outbox.refusals(limit);
  }

  /** Tries all of them anew, and everything else at once. @returns how many they are. @throws Problem database-unavailable */
  async retry(): Promise<number> {
    const count = await this.outbox.retryAll();
    this.nextAt = 0;
    return count;
  }

  private partsOf(project: SupabaseProject, identity: InstanceIdentity): Parts {
    const ownership = new Ownership(project, identity, this.queue, this.clock);
    const uploader = new Uploader(this.outbox, project, this.clock, () => this.mayWrite(ownership));
    return { ownership, uploader, comparison: new Comparison(this.outbox, project, uploader, identity.id) };
  }

  private async mayWrite(ownership: Ownership): Promise<void> {
    if (this.isEnded) throw new Error('the service ends');
    await ownership.ensure();
    if (this.clock.now() - this.lookedAt >= LOOK_MS) await this.look();
  }

  /** Uploads what waits; one pass at a time. Resolves when it has ended, however; never rejects. */
  pass(): Promise<void> {
    if (this.parts === null) return Promise.resolve();
    this.running ??= this.work(this.parts).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async work(parts: Parts): Promise<void> {
    try {
      await this.upload(parts);
      if (this.trouble !== null) this.logger.log('Supabase takes changes again');
      this.trouble = null;
      this.failures = 0;
    } catch (error) {
      parts.ownership.distrust();
      if (!this.isEnded) this.noteTrouble(await this.explained(error, parts));
    }
    await this.look();
  }

  /** Who was relieved says by whom. */
  private async explained(error: unknown, { ownership }: Parts): Promise<unknown> {
    if (!(error instanceof MirrorStopped) || error.failure.kind !== 'relieved') return error;
    return ownership.ensure().then(
      () => error,
      (why: unknown) => why,
    );
  }

  private async upload({ ownership, uploader, comparison }: Parts): Promise<void> {
    await ownership.ensure();
    const first = await this.outbox.comparisonNeeded();
    if (first?.isForAll === true) await comparison.run(first);
    // What gets on is not held back for a failure now and then.
    while (await uploader.sendNext()) this.failures = 0;
    // Only now: while much waits, checks are left out again.
    const then = await this.outbox.comparisonNeeded();
    if (then !== null) await comparison.run(then);
    if (this.state.refused > 0 && this.clock.now() - this.refusedAt >= REFUSED_MS) {
      this.refusedAt = this.clock.now();
      await this.outbox.retryRefused();
    }
  }

  private noteTrouble(error: unknown): void {
    this.failures += 1;
    const delayMs = exponentialDelay(this.failures, BACKOFF, this.random);
    this.nextAt = this.clock.now() + delayMs;
    const before = this.trouble?.error;
    this.trouble = troubleOf(error, readMigrations());
    const { error: what, advice } = this.trouble;
    if (what !== before) this.logger.warn({ error: what, advice, delayMs }, 'Supabase does not have everything');
  }

  /** What readers are shown; a database that is away changes nothing of it. */
  private async look(): Promise<void> {
    this.lookedAt = this.clock.now();
    try {
      this.state = await this.outbox.state();
    } catch (error) {
      if (!isProblem(error)) this.logger.warn({ error: messageOf(error) }, 'the outbox cannot be read');
    }
    if (this.state.waiting < MANY) this.warnAt = MANY;
    if (this.state.waiting < this.warnAt) return;
    this.logger.warn({ waiting: this.state.waiting }, 'many changes wait for Supabase');
    this.warnAt = this.state.waiting * 2;
  }

  private degraded(): string | null {
    if (this.parts === null) return this.halfConfigured();
    if (this.trouble !== null)
      return [this.trouble.error, this.trouble.advice].filter((text) => text !== '').join('. ');
    const { setAside, waiting } = this.state;
    const lagSeconds = this.lagSeconds();
    if (setAside > 0)
      return `${setAside} rows were refused by Supabase for what is in them: GET /api/mirror shows them, POST /api/mirror/retry tries them again`;
    const isLate = waiting >= MANY || lagSeconds >= LATE_SECONDS;
    return isLate ? `${waiting} changes wait for Supabase, the oldest for ${lagSeconds} s` : null;
  }

  private lagSeconds(): number {
    const { oldestAt } = this.state;
    return oldestAt === null ? 0 : Math.max(0, Math.round((this.clock.wall() - oldestAt.getTime()) / 1_000));
  }

  private halfConfigured(): string | null {
    const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key } = this.settings;
    if (url === undefined && key === undefined) return null;
    return `There is no mirror: set ${url === undefined ? 'SUPABASE_URL' : 'SUPABASE_SERVICE_ROLE_KEY'} too`;
  }
}
