import type { Clock } from '../../kernel';
import { MirrorStopped, required, type Answer } from './answer';
import type { Outbox, Row } from './outbox';
import type { SupabaseProject } from './supabase-project';
import type { MirroredTable } from './tables';

/** Rows in one request. */
const BATCH = 500;
/** Keys in one request: they stand in its address, and those are short. */
const KEYS = 100;

/** Sends changed rows, in the order of their changes, a batch of one table at a time. */
export class Uploader {
  constructor(
    private readonly outbox: Outbox,
    private readonly project: SupabaseProject,
    private readonly clock: Clock,
    /** Asked before anything is written. @throws MirrorStopped */
    private readonly mayWrite: () => Promise<void>,
  ) {}

  /**
   * Sends the oldest changes that wait.
   *
   * @returns false: none waited
   * @throws MirrorStopped; what was settled before stays so
   */
  async sendNext(): Promise<boolean> {
    const window = await this.outbox.next(BATCH);
    if (window === null) return false;
    for (const [table, keys] of window.keys) await this.send(table, keys, window.through);
    return true;
  }

  /**
   * Makes these rows of a table there what they are here: those that are gone here are removed, and first, since another row
   * may have their place.
   *
   * @param through changes that are settled with them; null: none
   * @throws MirrorStopped
   */
  async send(table: MirroredTable, keys: readonly string[], through: number | null): Promise<void> {
    await this.mayWrite();
    const rows = await this.outbox.rowsOf(table, keys);
    const gone = keys.filter((key) => !rows.has(key));
    const refused = new Map<string, string>();
    for (const part of parts(gone, KEYS)) required(await this.project.remove(table, part), table.name);
    for (const part of parts([...rows], BATCH)) await this.write(table, part, refused);
    await this.outbox.settle({ table, keys, refused, through }, this.clock.wall());
  }

  /** One that is refused for what is in it is looked for by halves; all others get there. */
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
