import { sql } from 'kysely';
import { isoTime } from '../../kernel';
import type { Database, Tx } from '../database';
import type { WriteQueue } from '../write-queue';
import { MIRRORED_TABLES, type MirroredTable } from './tables';

/** A row as both sides write it, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows of a table: those whose keys were asked for and that are there, by key. */
export type RowsByKey = ReadonlyMap<string, Row>;

/** The oldest changes that wait, up to a position: of each table the keys, each once. */
export interface OutboxWindow {
  readonly through: number;
  readonly keys: ReadonlyMap<MirroredTable, readonly string[]>;
}

/** A row that was refused for what is in it. */
export interface Refusal {
  readonly table: string;
  readonly key: string;
  readonly error: string;
  readonly tries: number;
  /** Tried again only when somebody asks for it. */
  readonly setAside: boolean;
  /** Wall clock, epoch milliseconds. */
  readonly refusedAt: number;
}

/** What became of some rows of a table. */
export interface Settled {
  readonly table: MirroredTable;
  readonly keys: readonly string[];
  readonly refused: ReadonlyMap<string, string>;
  /** Changes up to here are settled with them; null: they were none of the outbox. */
  readonly through: number | null;
}

export interface ComparisonNeed {
  /** false: of the health log alone. */
  readonly isForAll: boolean;
  readonly leftOut: number;
}

export interface OutboxState {
  /** Changes that wait; counted up to 100,001. */
  readonly waiting: number;
  /** When the oldest of them was noted; null: none waits. */
  readonly oldestAt: Date | null;
  /** Rows that are tried no more by themselves. */
  readonly setAside: number;
  /** Rows that were refused, and are tried again. */
  readonly refused: number;
}

const COUNTED_UP_TO = 100_001;
/** A row that is refused so often is left to a person. */
const MAX_TRIES = 4;

/**
 * The changes that the mirror does not have yet. Triggers note which row was changed, in the transaction of the change;
 * what is sent is the row as it is then, or that it is gone, so that a change which was sent twice, or was overtaken by a
 * later one, does no harm.
 */
export class Outbox {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  /** Notes changes from now on. What was not noted before, or was for another project, is found by a comparison. */
  async enable(project: string): Promise<void> {
    const known = await this.database.read((db) => db.selectFrom('local.mirror').select('project').executeTakeFirst());
    if (known?.project === project) return;
    await this.queue.submit(async (tx) => {
      await forget(tx);
      await tx.insertInto('local.mirror').values({ project }).execute();
      await setTriggers(tx, 'enable');
    });
  }

  /** Notes nothing more: without a mirror it would only grow. */
  async disable(): Promise<void> {
    const known = await this.database.read((db) => db.selectFrom('local.mirror').select('project').executeTakeFirst());
    if (known === undefined) return;
    await this.queue.submit(async (tx) => {
      await forget(tx);
      await setTriggers(tx, 'disable');
    });
  }

  /** What is to be compared before it can be said that both sides are equal; null: nothing. */
  async comparisonNeeded(): Promise<ComparisonNeed | null> {
    const row = await this.database.read((db) => db.selectFrom('local.mirror').selectAll().executeTakeFirst());
    if (row === undefined) return null;
    const { needs_comparison: isForAll, checks_left_out: leftOut, checks_compared: compared } = row;
    return isForAll || leftOut > compared ? { isForAll, leftOut } : null;
  }

  /** It was compared; what was left out since it began is not part of it. */
  async noteCompared({ isForAll, leftOut }: ComparisonNeed): Promise<void> {
    const done = { checks_compared: leftOut, ...(isForAll ? { needs_comparison: false } : {}) };
    await this.queue.submit(async (tx) => {
      await tx.updateTable('local.mirror').set(done).execute();
    });
  }

  /** The oldest changes, at most so many; null: none waits. */
  async next(limit: number, after = 0): Promise<OutboxWindow | null> {
    const entries = await this.database.read((db) =>
      db
        .selectFrom('local.outbox')
        .select(['position', 'table_name', 'row_key'])
        .where('position', '>', after)
        .orderBy('position')
        .limit(limit)
        .execute(),
    );
    const last = entries.at(-1);
    if (last === undefined) return null;
    const keys = new Map<MirroredTable, readonly string[]>();
    for (const table of MIRRORED_TABLES) {
      const own = entries.filter((entry) => entry.table_name === table.name).map((entry) => entry.row_key);
      if (own.length > 0) keys.set(table, [...new Set(own)]);
    }
    return { through: last.position, keys };
  }

  /** The rows of these keys as they are now; what is not among them is gone. */
  async rowsOf({ name, key }: MirroredTable, keys: readonly string[]): Promise<RowsByKey> {
    const { rows } = await this.database.read((db) =>
      sql<{ key: string; row: Row }>`
        select ${sql.ref(key)}::text as key, to_jsonb(source) as row from ${sql.table(name)} source
        where ${sql.ref(key)} = any(${keys}::${sql.raw(key === 'id' ? 'uuid' : 'text')}[])
      `.execute(db),
    );
    return new Map(rows.map(({ key: of, row }) => [of, row]));
  }

  /** The keys of a table after one, ascending. @param after null: from the first on */
  async keysAfter({ name, key }: MirroredTable, after: string | null, limit: number): Promise<string[]> {
    const { rows } = await this.database.read((db) =>
      sql<{ key: string }>`
        select ${sql.ref(key)}::text as key from ${sql.table(name)}
        where ${after === null ? sql`true` : sql`${sql.ref(key)} > ${after}`}
        order by ${sql.ref(key)} limit ${limit}
      `.execute(db),
    );
    return rows.map(({ key: found }) => found);
  }

  /** What was sent is no more to be sent; what was refused is kept with its error. */
  async settle(settled: Settled, wall: number): Promise<void> {
    await this.queue.submit((tx) => settle(tx, settled, isoTime(wall)));
  }

  /** Puts the refused rows that have tries left to the end of what waits. */
  async retryRefused(): Promise<void> {
    await this.queue.submit(noteRefused);
  }

  /** Tries all refused rows anew, with all their tries. @returns how many they are */
  async retryAll(): Promise<number> {
    let count = 0;
    await this.queue.submit(async (tx) => {
      const { numUpdatedRows } = await tx.updateTable('local.mirror_refusal').set({ tries: 0 }).executeTakeFirst();
      count = Number(numUpdatedRows);
      await noteRefused(tx);
    });
    return count;
  }

  /** Refused rows, the latest first. */
  async refusals(limit: number): Promise<Refusal[]> {
    const rows = await this.database.read((db) =>
      db.selectFrom('local.mirror_refusal').selectAll().orderBy('refused_at', 'desc').limit(limit).execute(),
    );
    return rows.map((row) => ({
      table: row.table_name,
      key: row.row_key,
      error: row.error,
      tries: row.tries,
      setAside: row.tries >= MAX_TRIES,
      refusedAt: row.refused_at.getTime(),
    }));
  }

  async state(): Promise<OutboxState> {
    const { rows } = await this.database.read((db) =>
      sql<OutboxState>`
        select (select count(*)::integer from (select from local.outbox limit ${COUNTED_UP_TO}) counted) as "waiting",
          (select noted_at from local.outbox order by position limit 1) as "oldestAt",
          (select count(*)::integer from local.mirror_refusal where tries >= ${MAX_TRIES}) as "setAside",
          (select count(*)::integer from local.mirror_refusal where tries < ${MAX_TRIES}) as "refused"
      `.execute(db),
    );
    return rows[0] ?? { waiting: 0, oldestAt: null, setAside: 0, refused: 0 };
  }
}

async function forget(tx: Tx): Promise<void> {
  await tx.deleteFrom('local.outbox').execute();
  await tx.deleteFrom('local.mirror_refusal').execute();
  await tx.deleteFrom('local.mirror').execute();
}

async function setTriggers(tx: Tx, what: 'enable' | 'disable'): Promise<void> {
  for (const { name } of MIRRORED_TABLES)
    await sql`alter table ${sql.table(name)} ${sql.raw(what)} trigger user`.execute(tx);
}

async function noteRefused(tx: Tx): Promise<void> {
  await tx
    .insertInto('local.outbox')
    .columns(['table_name', 'row_key'])
    .expression(tx.selectFrom('local.mirror_refusal').select(['table_name', 'row_key']).where('tries', '<', MAX_TRIES))
    .execute();
}

async function settle(tx: Tx, { table, keys, refused, through }: Settled, at: string): Promise<void> {
  const { name } = table;
  if (through !== null) {
    await tx.deleteFrom('local.outbox').where('position', '<=', through).where('table_name', '=', name).execute();
  }
  const sent = keys.filter((key) => !refused.has(key));
  await sql`
    delete from local.mirror_refusal where table_name = ${name} and row_key = any(${sent}::text[])
  `.execute(tx);
  for (const [key, error] of refused) {
    await tx
      .insertInto('local.mirror_refusal')
      .values({ table_name: name, row_key: key, error, tries: 1, refused_at: at })
      .onConflict((conflict) =>
        conflict
          .columns(['table_name', 'row_key'])
          .doUpdateSet({ error, refused_at: at, tries: sql`mirror_refusal.tries + 1` }),
      )
      .execute();
  }
}
