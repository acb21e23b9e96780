import { isoTime, type Clock } from '../../kernel';
import type { InstanceIdentity } from '../instance-identity';
import type { WriteQueue } from '../write-queue';
import { MirrorStopped, required } from './answer';
import { OWNER_TABLE, type Owner, type SupabaseProject, type Writer } from './supabase-project';

/** How long we rely on what we found. */
const TRUSTED_MS = 10_000;

export type OwnerStep = 'mine' | 'claim' | 'take-over' | 'other';

/**
 * What to do about the owner that was found. One with our name and another folder is another one: the folder may have been
 * copied, or be a new one that knows nothing of what stands there.
 *
 * @param successorOf whose place we are to take: what we have came from there
 */
export function ownerStep(found: Writer | null, me: Writer, successorOf: string | null): OwnerStep {
  if (found === null) return 'claim';
  if (found.writer === me.writer) return found.instance === me.instance ? 'mine' : 'take-over';
  return found.instance === successorOf ? 'take-over' : 'other';
}

/** Somebody else writes to the project. */
export class OwnedByOther extends Error {
  static instance({ instance }: Owner): OwnedByOther {
    return new OwnedByOther(
      `the project belongs to the instance ${instance}, written from another DATA_DIR; nothing is written. Give each its own project. If that one is gone for good, start with RESTORE_FROM=${instance} and an empty DATA_DIR, or delete the row of ${OWNER_TABLE}`,
    );
  }

  static copy(): OwnedByOther {
    return new OwnedByOther(
      'another agent-spawner writes to the project from a copy of our DATA_DIR; nothing is written. End one of the two, and start the other again',
    );
  }

  private constructor(message: string) {
    super(message);
    this.name = 'OwnedByOther';
  }
}

/**
 * One project serves one instance: whether that is us is looked at again and again, since a person may hand it over. What is
 * written in between is refused by the project itself, and so is what we sent in an earlier epoch: after a failure nobody knows
 * what of it is still under way, so that a new one begins (a fencing token, as Kleppmann describes it in "How to do distributed
 * locking", 2016).
 */
export class Ownership {
  private checkedAt: number | null = null;
  /** The epoch in which we write; null: one has to begin first. */
  private epoch: number | null = null;
  /** The latest that we began, or tried to. */
  private latest = 0;
  /** Somebody with our writer began one after ours. Only a new start of ours makes us the later one again. */
  private isCopied = false;

  constructor(
    private readonly project: SupabaseProject,
    private readonly identity: InstanceIdentity,
    private readonly queue: WriteQueue,
    private readonly clock: Clock,
  ) {}

  /** Looks anew before the next writing, and lets nothing in that was sent before. */
  distrust(): void {
    this.checkedAt = null;
    this.epoch = null;
  }

  /** @throws OwnedByOther, MirrorStopped */
  async ensure(): Promise<void> {
    if (this.isCopied) throw OwnedByOther.copy();
    if (this.checkedAt !== null && this.clock.now() - this.checkedAt < TRUSTED_MS) return;
    this.checkedAt = null;
    const found = await this.found();
    this.refuseOthers(found, this.identity.successorOf);
    if (found?.epoch !== this.epoch) await this.begin(found);
    if (this.identity.successorOf !== null) await this.queue.submit((tx) => this.identity.endSuccession(tx));
    this.checkedAt = this.clock.now();
  }

  private refuseOthers(found: Owner | null, successorOf: string | null): void {
    if (found === null) return;
    const step = ownerStep(found, this.me(), successorOf);
    if (step === 'other') throw OwnedByOther.instance(found);
    if (this.latest === 0 || found.epoch <= this.latest || found.writer !== this.identity.writer) return;
    this.isCopied = true;
    throw OwnedByOther.copy();
  }

  private async begin(found: Owner | null): Promise<void> {
    const epoch = Math.max(found?.epoch ?? 0, this.latest) + 1;
    // Noted first: it may be done without an answer.
    this.latest = epoch;
    this.epoch = null;
    const me = { ...this.me(), epoch };
    const at = isoTime(this.clock.wall());
    const isTaken = await (found === null ? this.project.claim(me, at) : this.project.takeOver(found, me, at));
    if (!required(isTaken, OWNER_TABLE)) {
      this.refuseOthers(await this.found(), null);
      throw new MirrorStopped({ kind: 'away', error: 'the project could not be claimed' }, OWNER_TABLE);
    }
    this.epoch = epoch;
    this.project.writeIn(epoch);
  }

  private me(): Writer {
    return { instance: this.identity.id, writer: this.identity.writer };
  }

  private async found(): Promise<Owner | null> {
    return required(await this.project.owner(), OWNER_TABLE);
  }
}
