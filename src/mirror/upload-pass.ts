import type { Clock } from '../kernel';
import type { Database, InstanceIdentity, WriteQueue } from '../persistence';
import { Comparison } from './comparison';
import { ComparisonNeeds, type ComparisonNeed } from './comparison-needs';
import { MirrorStopped } from './failure';
import { LocalRows } from './local-rows';
import type { Outbox } from './outbox';
import { Ownership } from './ownership';
import type { SupabaseProject } from './supabase-project';
import { Uploader } from './uploader';

/** Interval of the retries of refused rows. */
const REFUSED_MS = 10_000;

/** Nest injection token of the {@link UploadPass}; null without a project. */
export const UPLOAD_PASS = Symbol('UploadPass');

/** Observes a pass, and may stop it. */
export interface PassObserver {
  /** Checked before each write to the project. */
  readonly isStopped: () => boolean;
  /** Called before each write to the project. */
  readonly onWrite: () => Promise<void>;
  /** Called after each window of the outbox that was sent. */
  readonly onSent: () => void;
}

/** Makes the project equal to the local database, in one pass over the outbox. Use one at a time. */
export class UploadPass {
  private readonly ownership: Ownership;
  private readonly uploader: Uploader;
  private readonly comparison: Comparison;
  private readonly needs: ComparisonNeeds;
  private observer: PassObserver | null = null;
  private refusedAt = 0;

  constructor(
    database: Database,
    queue: WriteQueue,
    identity: InstanceIdentity,
    private readonly outbox: Outbox,
    project: SupabaseProject,
    private readonly clock: Clock,
  ) {
    const local = new LocalRows(database);
    this.ownership = new Ownership(project, identity, queue, clock);
    this.uploader = new Uploader(outbox, local, project, clock, () => this.mayWrite());
    this.needs = new ComparisonNeeds(database, queue);
    this.comparison = new Comparison(outbox, local, project, this.uploader, identity.id);
  }

  /**
   * Uploads everything that waits, and compares both sides if needed.
   *
   * @throws MirrorStopped or OwnedByOther; what was settled before stays settled
   */
  async run(observer: PassObserver): Promise<void> {
    this.observer = observer;
    await this.ownership.ensure();
    await this.compareIf(({ isForAll }) => isForAll);
    while (await this.uploader.sendNext()) observer.onSent();
    // Compared last: while many changes wait, further checks are left out.
    await this.compareIf(() => true);
  }

  private async compareIf(isDue: (need: ComparisonNeed) => boolean): Promise<void> {
    const need = await this.needs.needed();
    if (need === null || !isDue(need)) return;
    await this.comparison.run(need);
    await this.needs.noteDone(need);
  }

  /** Appends the refused rows to the outbox again, at most every 10 s. */
  async retryRefused(): Promise<void> {
    if (this.clock.now() - this.refusedAt < REFUSED_MS) return;
    this.refusedAt = this.clock.now();
    await this.outbox.retryRefused();
  }

  /** Fences the requests of a failed pass, whose outcome may be unknown: the next pass starts a new epoch. */
  fence(): void {
    this.ownership.distrust();
  }

  /** If the project refused this writer, looks up the new owner so that the error can name it. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof MirrorStopped) || error.failure.kind !== 'relieved') return error;
    return this.ownership.ensure().then(
      () => error,
      (why: unknown) => why,
    );
  }

  private async mayWrite(): Promise<void> {
    if (this.observer?.isStopped() === true) throw new Error('the supervisor shuts down');
    await this.ownership.ensure();
    await this.observer?.onWrite();
  }
}
