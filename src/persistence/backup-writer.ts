import { chmod, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import type { Clock } from '../kernel';
import {
  ALL_TABLES,
  backupName,
  CLOSING_TEXT,
  DRAFT,
  draftsOf,
  openingText,
  outdatedBackups,
  rowsText,
  tableOpening,
  TABLE_END,
  type BackupHead,
} from './backup';
import type { Database, Tx } from './database';

/**
 * History only grows, so that it need not be read in the one transaction of all the rest, which holds up whoever writes: each
 * is read in pages, in this order, up to the transaction of the rest.
 */
const HISTORY: Readonly<Record<string, string>> = {
  'public.actp_agent_health_log': 'checked_at',
  'public.actp_agent_restarts': 'restarted_at',
  'public.actp_agent_events': 'seq',
};
const PAGE = 500;

interface Snapshot {
  readonly head: Omit<BackupHead, 'madeAt'>;
  /** Its transaction: what later ones wrote is no part of it. */
  readonly transactionId: string;
  readonly tables: readonly { readonly name: string; readonly rows: readonly string[] }[];
}

/**
 * Writes everything into a file of the folder, under its name once it is whole, and removes what is older than the last
 * ones that are kept.
 *
 * @returns the file
 * @throws Problem `database-unavailable`, or an error of the system; no half file is left then
 */
export async function writeBackup(database: Database, folder: string, clock: Clock): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await removeAll(folder, draftsOf(await readdir(folder)));
  const madeAt = clock.wall();
  const file = path.join(folder, backupName(madeAt));
  const draft = `${file}${DRAFT}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await writeAll(database, handle, new Date(madeAt).toISOString());
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await removeAll(folder, outdatedBackups(await readdir(folder)));
  return file;
}

/** What somebody put there that cannot be removed is no reason to have no backup. */
async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  await Promise.allSettled(names.map((name) => rm(path.join(folder, name), { force: true })));
}

async function writeAll(database: Database, handle: FileHandle, madeAt: string): Promise<void> {
  const { head, transactionId, tables } = await database.transaction(snapshot);
  await handle.write(openingText({ ...head, madeAt }));
  for (const [index, { name, rows }] of tables.entries()) {
    await handle.write(tableOpening(name, index === 0) + rowsText(rows, true));
    const order = HISTORY[name];
    if (order !== undefined) await writeHistory(database, handle, { name, order, transactionId });
    await handle.write(TABLE_END);
  }
  await handle.write(CLOSING_TEXT);
}

/** All but the history, at one moment. */
async function snapshot(tx: Tx): Promise<Snapshot> {
  const names = await sql<{ name: string }>`${sql.raw(ALL_TABLES)}`.execute(tx);
  const tables = [];
  for (const { name } of names.rows) tables.push({ name, rows: name in HISTORY ? [] : await rowsOf(tx, name) });
  const migrations = await tx
    .selectFrom('local.applied_migration')
    .select('name')
    .orderBy('applied_at')
    .orderBy('name')
    .execute();
  const meta = await tx.selectFrom('local.meta').select('value').where('key', '=', 'instance_id').executeTakeFirst();
  const now = await sql<{ id: string }>`select pg_current_xact_id()::xid::text as id`.execute(tx);
  const instance = meta?.value;
  return {
    head: {
      instance: typeof instance === 'string' ? instance : null,
      migrations: migrations.map(({ name }) => name),
    },
    transactionId: now.rows[0]?.id ?? '',
    tables,
  };
}

/** Postgres makes the JSON itself, so that a time keeps its microseconds and a number its digits. */
async function rowsOf(tx: Tx, table: string): Promise<string[]> {
  const { rows } = await sql<{
    row: string;
  }>`select to_jsonb(source)::text as row from ${sql.table(table)} source order by 1`.execute(tx);
  return rows.map(({ row }) => row);
}

interface HistoryRow {
  readonly row: string;
  readonly at: string;
  readonly id: string;
}

async function writeHistory(database: Database, handle: FileHandle, history: History): Promise<void> {
  for (let last: HistoryRow | null = null; ;) {
    const page = await pageAfter(database, history, last);
    await handle.write(
      rowsText(
        page.map(({ row }) => row),
        last === null,
      ),
    );
    last = page.at(-1) ?? null;
    if (last === null || page.length < PAGE) return;
  }
}

interface History {
  readonly name: string;
  readonly order: string;
  readonly transactionId: string;
}

async function pageAfter(
  database: Database,
  { name, order, transactionId }: History,
  last: HistoryRow | null,
): Promise<readonly HistoryRow[]> {
  const later = last === null ? sql`true` : sql`(${sql.ref(order)}, id) > (${last.at}, ${last.id})`;
  // Numbers of transactions are given out in a circle: their ages can be compared.
  const known = sql`age(source.xmin) > age(${transactionId}::xid)`;
  const { rows } = await database.read((db) =>
    sql<HistoryRow>`
      select to_jsonb(source)::text as row, ${sql.ref(order)}::text as at, id::text as id
      from ${sql.table(name)} source where ${later} and ${known} order by ${sql.ref(order)}, id limit ${PAGE}
    `.execute(db),
  );
  return rows;
}
