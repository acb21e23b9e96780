import { isoTime, type Clock } from '../../kernel';
import type { InstanceIdentity } from '../instance-identity';
import type { WriteQueue } from '../write-queue';
import { MirrorStopped, required } from './answer';
import { OWNER_TABLE, type Owner, type SupabaseProject } from './supabase-project';

/** How long we rely on what we found. */
const TRUSTED_MS = 10_000;

export type OwnerStep = 'mine' | 'claim' | 'take-over' | 'other';

/**
 * What to do about the owner that was found. One with our name and another folder is another one: the folder may have been
 * copied, or be a new one that knows nothing of what stands there.
 *
 * @param successorOf whose place we are to take: what we have came from there
 */
export function ownerStep(found: Owner | null, me: Owner, successorOf: string | null): OwnerStep {
  if (found === null) return 'claim';
  if (found.writer === me.writer) return found.instance === me.instance ? 'mine' : 'take-over';
  return found.instance === successorOf ? 'take-over' : 'other';
}

/** Another instance writes to the project. */
export class OwnedByOther extends Error {
  constructor(readonly owner: Owner) {
    super(
      `the project belongs to the instance ${owner.instance}, written from another DATA_DIR; nothing is written. Give each its own project. If that one is gone for good, start with RESTORE_FROM=${owner.instance} and an empty DATA_DIR, or delete the row of ${OWNER_TABLE}`,
    );
    this.name = 'OwnedByOther';
  }
}

/**
 * One project serves one instance: whether that is us is looked at again and again, since a person may hand it over. What is
 * written in between is refused by the project itself.
 */
export class Ownership {
  private checkedAt: number | null = null;

  constructor(
    private readonly project: SupabaseProject,
    private readonly identity: InstanceIdentity,
    private readonly queue: WriteQueue,
    private readonly clock: Clock,
  ) {}

  /** Looks anew before the next writing. */
  distrust(): void {
    this.checkedAt = null;
  }

  /** @throws OwnedByOther, MirrorStopped */
  async ensure(): Promise<void> {
    if (this.checkedAt !== null && this.clock.now() - this.checkedAt < TRUSTED_MS) return;
    this.checkedAt = null;
    const found = await this.found();
    const step = ownerStep(found, this.me(), this.identity.successorOf);
    const owner = step === 'mine' ? found : await this.become(found, step);
    if (owner === null)
      throw new MirrorStopped({ kind: 'away', error: 'the project could not be claimed' }, OWNER_TABLE);
    if (ownerStep(owner, this.me(), null) !== 'mine') throw new OwnedByOther(owner);
    if (this.identity.successorOf !== null) await this.queue.submit((tx) => this.identity.endSuccession(tx));
    this.checkedAt = this.clock.now();
  }

  private async become(found: Owner | null, step: OwnerStep): Promise<Owner | null> {
    const at = isoTime(this.clock.wall());
    if (step === 'claim') required(await this.project.claim(this.me(), at), OWNER_TABLE);
    if (step === 'take-over' && found !== null)
      required(await this.project.takeOver(found, this.me(), at), OWNER_TABLE);
    return this.found();
  }

  private me(): Owner {
    return { instance: this.identity.id, writer: this.identity.writer };
  }

  private async found(): Promise<Owner | null> {
    return required(await this.project.owner(), OWNER_TABLE);
  }
}
