import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../kernel';
import { EmbeddedPostgres } from './embedded-postgres';
import { finishRestore, restoredOf, restoringOf } from './new-database';
import type { SqlConnection } from './sql-connection';

const CHUNK = 500;
const HANG_MS = 60_000;

const databaseIn = (dataDir: string) => path.join(dataDir, 'db');

/**
 * Makes a database beside the one of DATA_DIR; until it is put in its place nothing is changed. Whoever calls holds the lock
 * of DATA_DIR.
 *
 * @throws whatever `fill` throws; no half of a database is left then
 */
export async function draftDatabase(
  dataDir: string,
  fill: (connection: SqlConnection) => Promise<void>,
): Promise<void> {
  const folder = databaseIn(dataDir);
  const draft = restoringOf(folder);
  // One that was killed at its last step is whole, and the only one in its place.
  finishRestore(folder);
  try {
    const engine = await EmbeddedPostgres.open(draft, HANG_MS, { lost: () => undefined, reopened: () => undefined });
    try {
      await fill(engine.connection());
    } finally {
      await engine.close();
    }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** @returns where the database that was there before lies now, since nothing is deleted; null: there was none */
export function installDraft(dataDir: string, clock: Clock): string | null {
  const folder = databaseIn(dataDir);
  // From here on a kill leaves a whole one: the next start finishes what it finds under this name.
  const whole = restoredOf(folder);
  renameSync(restoringOf(folder), whole);
  const movedTo = moveAside(folder, clock);
  renameSync(whole, folder);
  return movedTo;
}

/** Rows by the names of their columns, as JSON has them. */
export async function insertRows(
  connection: SqlConnection,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => `"${name}"`).join(', ');
  for (let start = 0; start < rows.length; start += CHUNK) {
    await connection.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(rows.slice(start, start + CHUNK))],
    );
  }
}

function moveAside(folder: string, clock: Clock): string | null {
  if (!existsSync(folder)) return null;
  const aside = `${folder}.before-restore-${new Date(clock.wall()).toISOString().replaceAll(':', '-')}`;
  renameSync(folder, aside);
  return aside;
}
