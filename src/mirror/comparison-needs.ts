import type { Database, WriteQueue } from '../persistence';

export interface ComparisonNeed {
  /** false: only the health log must be compared. */
  readonly isForAll: boolean;
  readonly leftOut: number;
}

/** Knows whether the outbox alone makes both sides equal, or a comparison must. It is kept with the outbox. */
export class ComparisonNeeds {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  /** Returns what must be compared before both sides are known to be equal; null: nothing. */
  async needed(): Promise<ComparisonNeed | null> {
    const row = await this.database.read((db) => db.selectFrom('local.mirror').selectAll().executeTakeFirst());
    if (row === undefined) return null;
    const { needs_comparison: isForAll, checks_left_out: leftOut, checks_compared: compared } = row;
    return isForAll || leftOut > compared ? { isForAll, leftOut } : null;
  }

  /** Notes a finished comparison. Checks left out since it started require another one. */
  async noteDone({ isForAll, leftOut }: ComparisonNeed): Promise<void> {
    const done = { checks_compared: leftOut, ...(isForAll ? { needs_comparison: false } : {}) };
    await this.queue.submit(async (tx) => {
      await tx.updateTable('local.mirror').set(done).execute();
    });
  }
}
