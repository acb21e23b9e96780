import { valueOf } from './failure';
import type { LocalRows } from './local-rows';
import type { ComparisonNeed } from './comparison-needs';
import type { Outbox } from './outbox';
import type { SupabaseProject } from './supabase-project';
import { HEALTH_LOG, MIRRORED_TABLES, type MirroredTable } from '../persistence';
import type { Uploader } from './uploader';

/** Supabase's limit of rows in one answer. */
const PAGE = 1_000;
const BATCH = 500;
/** Instance name of the rows of `seed.sql`, which fill a project that no supervisor has written to. */
const SEED = 'seed';

/**
 * Makes both sides equal without the outbox: for a new project, for a database restored from a backup, and for health
 * checks that were not noted. History is read page by page in key order, so that memory does not grow with its rows. An
 * interrupted comparison restarts from the beginning.
 */
export class Comparison {
  constructor(
    private readonly outbox: Outbox,
    private readonly local: LocalRows,
    private readonly project: SupabaseProject,
    private readonly uploader: Uploader,
    private readonly instance: string,
  ) {}

  /** Compares all tables, or the health log only. @throws MirrorStopped */
  async run(need: ComparisonNeed): Promise<void> {
    for (const table of MIRRORED_TABLES) if (need.isForAll || table.name === HEALTH_LOG) await this.compare(table);
  }

  /**
   * Tables whose rows change are small, so all their rows are sent. For history, only rows that one side lacks are
   * sent, and of these not the ones that wait in the outbox: they will be uploaded from there.
   */
  private async compare(table: MirroredTable): Promise<void> {
    const here = new Keys((after) => this.local.keysAfter(table, after, PAGE));
    const there = new Keys((after) => this.remoteKeys(table, after));
    const keys = table.isHistory ? findDifferences(here, there) : unite(here, there);
    for await (const part of splitIntoParts(keys, BATCH)) {
      const missing = table.isHistory ? await this.outbox.withoutWaiting(table, part) : part;
      if (missing.length > 0) await this.uploader.send(table, missing, null);
    }
  }

  private async remoteKeys(table: MirroredTable, after: string | null): Promise<string[]> {
    const instances = [this.instance, SEED];
    const page = { columns: table.key, instances, after, limit: PAGE };
    const rows = valueOf(await this.project.rows(table, page), table.name);
    return rows.map((row) => String(row[table.key]));
  }
}

/**
 * Yields the keys of both sides, each once. Reads all of them first, because text may sort differently on the two
 * sides.
 */
async function* unite(here: Keys, there: Keys): AsyncGenerator<string> {
  const all = new Set<string>();
  for (const keys of [here, there])
    for (let key = await keys.next(); key !== null; key = await keys.next()) all.add(key);
  yield* all;
}

/** Yields the keys that only one side has. They are UUIDs, which sort identically on both sides. */
async function* findDifferences(here: Keys, there: Keys): AsyncGenerator<string> {
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

async function* splitIntoParts<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let part: T[] = [];
  for await (const item of items) {
    part.push(item);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

/** Reads the keys of one side in order, page by page. */
class Keys {
  private page: readonly string[] = [];
  private index = 0;
  private last: string | null = null;
  private isAtEnd = false;

  constructor(private readonly read: (after: string | null) => Promise<readonly string[]>) {}

  /** Returns the next key; null at the end. */
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
