import { isoTime, type Clock } from '../kernel';
import type { InstanceIdentity, WriteQueue } from '../persistence';
import { MirrorStopped, valueOf } from './failure';
import { OWNER_TABLE, type Owner, type SupabaseProject, type Writer } from './supabase-project';

/** Time for which a check of the owner stays valid. */
const TRUSTED_MS = 10_000;

export type OwnerStep = 'mine' | 'claim' | 'take-over' | 'other';

/**
 * Decides what to do about the owner in the project. An owner with this instance's name but another writer id is
 * another database: two machines may use one INSTANCE_ID, or this database may be new and lack the project's data.
 *
 * @param successorOf instance whose ownership this one takes over, since its data was restored from there
 */
export function ownerStep(owner: Writer | null, me: Writer, successorOf: string | null): OwnerStep {
  if (owner === null) return 'claim';
  if (owner.writer === me.writer) return owner.instance === me.instance ? 'mine' : 'take-over';
  return owner.instance === successorOf ? 'take-over' : 'other';
}

/** Reports that another supervisor writes to the project. */
export class OwnedByOther extends Error {
  static instance({ instance }: Owner): OwnedByOther {
    return new OwnedByOther(
      `the project belongs to the instance ${instance}, written from another DATA_DIR; this instance writes nothing to it. Give each instance its own project. If the other one will not return, start with RESTORE_FROM=${instance} and an empty DATA_DIR, or delete the row of ${OWNER_TABLE}`,
    );
  }

  static copy(): OwnedByOther {
    return new OwnedByOther(
      'another agent-spawner writes to the project from a copy of this DATA_DIR; this one writes nothing to it. Stop one of the two, and restart the other',
    );
  }

  private constructor(message: string) {
    super(message);
    this.name = 'OwnedByOther';
  }
}

/**
 * Ensures that this instance owns the Supabase project, which serves one instance at a time. The owner is checked
 * regularly, since the operator may hand the project over. Between checks the project itself refuses other writers.
 * The project also refuses writes of an earlier epoch. After a failure, requests may still be under way, so a new epoch
 * starts. The epoch is a fencing token (M. Kleppmann, "How to do distributed locking", 2016).
 */
export class Ownership {
  private checkedAt: number | null = null;
  /** Epoch of the current writes; null: a new one must start first. */
  private epoch: number | null = null;
  /** Latest epoch that this process started, or tried to start. */
  private latest = 0;
  /**
   * A process with the same writer id started a later epoch, so it runs on a copy of DATA_DIR. Only a restart makes
   * this one the owner again.
   */
  private isCopied = false;

  constructor(
    private readonly project: SupabaseProject,
    private readonly identity: InstanceIdentity,
    private readonly queue: WriteQueue,
    private readonly clock: Clock,
  ) {}

  /** Forces a check and a new epoch before the next write. Requests sent before are then refused. */
  distrust(): void {
    this.checkedAt = null;
    this.epoch = null;
  }

  /** Checks the owner, and claims the project or starts an epoch if needed. @throws OwnedByOther, MirrorStopped */
  async ensure(): Promise<void> {
    if (this.isCopied) throw OwnedByOther.copy();
    if (this.checkedAt !== null && this.clock.now() - this.checkedAt < TRUSTED_MS) return;
    this.checkedAt = null;
    const owner = await this.readOwner();
    this.refuseOthers(owner, this.identity.successorOf);
    if (owner?.epoch !== this.epoch) await this.beginEpoch(owner);
    if (this.identity.successorOf !== null) await this.queue.submit((tx) => this.identity.endSuccession(tx));
    this.checkedAt = this.clock.now();
  }

  private refuseOthers(owner: Owner | null, successorOf: string | null): void {
    if (owner === null) return;
    const step = ownerStep(owner, this.me(), successorOf);
    if (step === 'other') throw OwnedByOther.instance(owner);
    if (this.latest === 0 || owner.epoch <= this.latest || owner.writer !== this.identity.writer) return;
    this.isCopied = true;
    throw OwnedByOther.copy();
  }

  private async beginEpoch(owner: Owner | null): Promise<void> {
    const epoch = Math.max(owner?.epoch ?? 0, this.latest) + 1;
    // Noted before the request, which may take effect although its answer is lost.
    this.latest = epoch;
    this.epoch = null;
    const me = { ...this.me(), epoch };
    const at = isoTime(this.clock.wall());
    const isTaken = await (owner === null ? this.project.claim(me, at) : this.project.takeOver(owner, me, at));
    if (!valueOf(isTaken, OWNER_TABLE)) {
      this.refuseOthers(await this.readOwner(), null);
      throw new MirrorStopped({ kind: 'away', error: 'claiming the project failed' }, OWNER_TABLE);
    }
    this.epoch = epoch;
    this.project.writeIn(epoch);
  }

  private me(): Writer {
    return { instance: this.identity.id, writer: this.identity.writer };
  }

  private async readOwner(): Promise<Owner | null> {
    return valueOf(await this.project.owner(), OWNER_TABLE);
  }
}
