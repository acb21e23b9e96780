import { sql } from 'kysely';
import { isoTime } from '../kernel';
import { type Database, MIRRORED_TABLES, type MirroredTable, type Tx, type WriteQueue } from '../persistence';

/** Oldest waiting changes, up to a position: for each table the keys, without duplicates. */
export interface OutboxWindow {
  readonly through: number;
  readonly keys: ReadonlyMap<MirroredTable, readonly string[]>;
}

/** Row that the project refused because of its content. */
export interface Refusal {
  readonly table: string;
  readonly key: string;
  readonly error: string;
  readonly tries: number;
  /** true: retried only on request of the operator. */
  readonly setAside: boolean;
  /** Wall clock, epoch milliseconds. */
  readonly refusedAt: number;
}

/** Outcome of sending rows of one table. */
export interface Settled {
  readonly table: MirroredTable;
  readonly keys: readonly string[];
  readonly refused: ReadonlyMap<string, string>;
  /** Last outbox position that they settle; null if the rows did not come from the outbox. */
  readonly through: number | null;
}

export interface OutboxState {
  /** Waiting changes, counted up to 100,001. */
  readonly waiting: number;
  /** Time at which the oldest waiting change was noted; null if none waits. */
  readonly oldestAt: Date | null;
  /** Refused rows that are no longer retried automatically. */
  readonly setAside: number;
  /** Refused rows that are retried automatically. */
  readonly refused: number;
}

const COUNTED_UP_TO = 100_001;
/** A row refused this many times is set aside for the operator. */
const MAX_TRIES = 4;

/**
 * Holds the changes that the mirror does not have yet. Triggers note which row changed, in the transaction of the
 * change. The upload sends the current row, or its removal. A change that is sent twice, or superseded by a later one,
 * is therefore harmless. Exception: while about 10,000 changes wait, health checks are not noted; a comparison uploads
 * them later.
 */
export class Outbox {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
  ) {}

  /** Starts to note changes. For a new project, a comparison then uploads the rows that already exist. */
  async enable(project: string): Promise<void> {
    const known = await this.database.read((db) => db.selectFrom('local.mirror').select('project').executeTakeFirst());
    if (known?.project === project) return;
    await this.queue.submit(async (tx) => {
      await forget(tx);
      await tx.insertInto('local.mirror').values({ project }).execute();
      await setTriggers(tx, 'enable');
    });
  }

  /** Stops noting changes. Without a mirror the outbox would only grow. */
  async disable(): Promise<void> {
    const known = await this.database.read((db) => db.selectFrom('local.mirror').select('project').executeTakeFirst());
    if (known === undefined) return;
    await this.queue.submit(async (tx) => {
      await forget(tx);
      await setTriggers(tx, 'disable');
    });
  }

  /** Returns the oldest changes after a position, at most `limit`; null if none waits. */
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

  /** Returns the keys that have no waiting change. */
  async withoutWaiting({ name }: MirroredTable, keys: readonly string[]): Promise<string[]> {
    const { rows } = await this.database.read((db) =>
      sql<{ key: string }>`
        select key from unnest(${keys}::text[]) key
        where key not in (select row_key from local.outbox where table_name = ${name})
      `.execute(db),
    );
    return rows.map(({ key }) => key);
  }

  /** Removes sent changes from the outbox, and keeps refused rows with their error. */
  async settle(settled: Settled, wall: number): Promise<void> {
    await this.queue.submit((tx) => settle(tx, settled, isoTime(wall)));
  }

  /** Appends the refused rows that have tries left to the outbox. */
  async retryRefused(): Promise<void> {
    await this.queue.submit(noteRefused);
  }

  /** Resets the tries of all refused rows, and appends the rows to the outbox. @returns the number of rows */
  async retryAll(): Promise<number> {
    let count = 0;
    await this.queue.submit(async (tx) => {
      const { numUpdatedRows } = await tx.updateTable('local.mirror_refusal').set({ tries: 0 }).executeTakeFirst();
      count = Number(numUpdatedRows);
      await noteRefused(tx);
    });
    return count;
  }

  /** Returns refused rows, newest first. */
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
