import type { Clock } from '../kernel';
import { MirrorStopped, valueOf, type Answer } from './failure';
import type { LocalRows, Row } from './local-rows';
import type { Outbox } from './outbox';
import type { SupabaseProject } from './supabase-project';
import type { MirroredTable } from '../persistence';

/** Rows in one request. */
const BATCH = 500;
/** Keys in one request. They are part of the URL, whose length is limited. */
const KEYS = 100;

/** Sends changed rows in the order of their changes, one batch of one table at a time. */
export class Uploader {
  constructor(
    private readonly outbox: Outbox,
    private readonly local: LocalRows,
    private readonly project: SupabaseProject,
    private readonly clock: Clock,
    /** Called before each write. @throws MirrorStopped */
    private readonly mayWrite: () => Promise<void>,
  ) {}

  /**
   * Sends the oldest waiting changes.
   *
   * @returns false if none waited
   * @throws MirrorStopped; what was settled before stays settled
   */
  async sendNext(): Promise<boolean> {
    const window = await this.outbox.next(BATCH);
    if (window === null) return false;
    for (const [table, keys] of window.keys) await this.send(table, keys, window.through);
    return true;
  }

  /**
   * Makes these rows in the project equal to the local ones. Rows deleted here are removed first, since another row may
   * reuse their unique values.
   *
   * @param through last outbox position settled with them; null: none
   * @throws MirrorStopped
   */
  async send(table: MirroredTable, keys: readonly string[], through: number | null): Promise<void> {
    await this.mayWrite();
    const rows = await this.local.rowsOf(table, keys);
    const gone = keys.filter((key) => !rows.has(key));
    const refused = new Map<string, string>();
    for (const part of parts(gone, KEYS)) valueOf(await this.project.remove(table, part), table.name);
    for (const part of parts([...rows], BATCH)) await this.write(table, part, refused);
    await this.outbox.settle({ table, keys, refused, through }, this.clock.wall());
  }

  /**
   * Writes rows. If the project refuses a batch because of its content, halves it until only the refused rows are left
   * out.
   */
  private async write(
    table: MirroredTable,
    entries: readonly (readonly [string, Row])[],
    refused: Map<string, string>,
  ): Promise<void> {
    const answer = await this.project.upsert(
      table,
      entries.map(([, row]) => row),
    );
    if (answer.kind === 'done') return;
    if (!isAboutRows(answer)) throw new MirrorStopped(answer, table.name);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) {
      refused.set(first[0], answer.error);
      return;
    }
    const middle = Math.ceil(entries.length / 2);
    await this.write(table, entries.slice(0, middle), refused);
    await this.write(table, entries.slice(middle), refused);
  }
}

function isAboutRows(answer: Answer<unknown>): boolean {
  return answer.kind === 'content' || answer.kind === 'too-large';
}

function parts<T>(whole: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.slice(index * size, (index + 1) * size),
  );
}
