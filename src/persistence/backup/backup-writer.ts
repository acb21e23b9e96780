import { chmod, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import type { Clock } from '../../kernel';
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
} from './backup-file';
import type { Database, Tx } from '../database/database';

/**
 * History tables with the column that orders their pages. Their rows are never updated, so they are read in pages
 * outside the snapshot transaction, which blocks writers. Rows written after that transaction are left out.
 */
const HISTORY: Readonly<Record<string, string>> = {
  'public.actp_agent_health_log': 'checked_at',
  'public.actp_agent_restarts': 'restarted_at',
  'public.actp_agent_events': 'seq',
};
const PAGE = 500;

interface Snapshot {
  readonly head: Omit<BackupHead, 'madeAt'>;
  /** Rows that later transactions wrote are not part of the backup. */
  readonly transactionId: string;
  readonly tables: readonly { readonly name: string; readonly rows: readonly string[] }[];
}

/**
 * Writes all tables into a new file of the folder, and deletes outdated backups. The file gets its name only when it is
 * complete.
 *
 * @returns the path of the file
 * @throws Problem `database-unavailable`, or a system error; no partial file is left then
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

/** Deletes files. Errors are ignored: a file that cannot be deleted must not prevent the backup. */
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

/** Reads everything except the history, in one transaction. */
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

/** Returns the rows as JSON made by Postgres, which keeps the microseconds of a time and all digits of a number. */
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
  // Transaction ids wrap around, so only their ages can be compared.
  const known = sql`age(source.xmin) > age(${transactionId}::xid)`;
  const { rows } = await database.read((db) =>
    sql<HistoryRow>`
      select to_jsonb(source)::text as row, ${sql.ref(order)}::text as at, id::text as id
      from ${sql.table(name)} source where ${later} and ${known} order by ${sql.ref(order)}, id limit ${PAGE}
    `.execute(db),
  );
  return rows;
}
