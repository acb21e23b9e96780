import { required } from './answer';
import type { ComparisonNeed, Outbox } from './outbox';
import type { SupabaseProject } from './supabase-project';
import { HEALTH_LOG, MIRRORED_TABLES, type MirroredTable } from './tables';
import type { Uploader } from './uploader';

/** As many as Supabase gives in one answer at most. */
const PAGE = 1_000;
const BATCH = 500;
/** Rows of `seed.sql`, for a project that is looked at before anybody wrote to it. */
const SEED = 'seed';

/**
 * Makes both sides equal without an outbox: for a project that is new, a database that was brought back from a backup, and
 * health checks that were not noted. Both are read in the order of their keys, page by page, so that it takes as much memory
 * for a million rows as for a thousand. It begins anew when it is interrupted.
 */
export class Comparison {
  constructor(
    private readonly outbox: Outbox,
    private readonly project: SupabaseProject,
    private readonly uploader: Uploader,
    private readonly instance: string,
  ) {}

  /** @throws MirrorStopped */
  async run(need: ComparisonNeed): Promise<void> {
    for (const table of MIRRORED_TABLES) if (need.isForAll || table.name === HEALTH_LOG) await this.compare(table);
    await this.outbox.noteCompared(need);
  }

  /** What may have changed is few, and sent again whole; of history each side has rows that the other one lacks. */
  private async compare(table: MirroredTable): Promise<void> {
    const here = new Keys((after) => this.outbox.keysAfter(table, after, PAGE));
    const there = new Keys((after) => this.remoteKeys(table, after));
    const keys = table.isHistory ? lackingEither(here, there) : ofEither(here, there);
    for await (const part of inParts(keys, BATCH)) await this.uploader.send(table, part, null);
  }

  private async remoteKeys(table: MirroredTable, after: string | null): Promise<string[]> {
    const instances = [this.instance, SEED];
    const page = { columns: table.key, instances, after, limit: PAGE };
    const rows = required(await this.project.rows(table, page), table.name);
    return rows.map((row) => String(row[table.key]));
  }
}

/** Keys of both sides, each once. Texts may sort there in another way than here, so that they are all read first. */
async function* ofEither(here: Keys, there: Keys): AsyncGenerator<string> {
  const all = new Set<string>();
  for (const keys of [here, there])
    for (let key = await keys.next(); key !== null; key = await keys.next()) all.add(key);
  yield* all;
}

/** Keys of one side alone. They are UUIDs, which sort alike on both. */
async function* lackingEither(here: Keys, there: Keys): AsyncGenerator<string> {
  let local = await here.next();
  let remote = await there.next();
  while (local !== null || remote !== null) {
    const isLocal = local !== null && (remote === null || local <= remote);
    const isRemote = remote !== null && (local === null || remote <= local);
    if (isLocal !== isRemote) yield (isLocal ? local : remote) ?? '';
    if (isLocal) local = await here.next();
    if (isRemote) remote = await there.next();
  }
}

async function* inParts<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let part: T[] = [];
  for await (const item of items) {
    part.push(item);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** Keys of one side in its order, read in pages. */
class Keys {
  private page: readonly string[] = [];
  private index = 0;
  private last: string | null = null;
  private isAtEnd = false;

  constructor(private readonly read: (after: string | null) => Promise<readonly string[]>) {}

  /** null: there are no more. */
  async next(): Promise<string | null> {
    if (this.index >= this.page.length && !this.isAtEnd) {
      this.page = await this.read(this.last);
      this.index = 0;
      this.isAtEnd = this.page.length === 0;
    }
    const key = this.page[this.index] ?? null;
    this.index += 1;
    if (key !== null) this.last = key;
    return key;
  }
}
