import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { errorCodeOf, messageOf, Problem, type Clock } from '../kernel';
import { ALL_TABLES, parseBackup, type Backup } from './backup';
import { EmbeddedPostgres } from './embedded-postgres';
import { migrate, migrateTo, refuseNewer } from './migrator';
import { finishRestore, restoredOf, restoringOf } from './new-database';
import type { SqlConnection } from './sql-connection';

const CHUNK = 500;
const HANG_MS = 60_000;

/** What became of a restore. */
export interface Restored {
  readonly rows: number;
  /** Where the database that was there before lies now; null: there was none. */
  readonly movedTo: string | null;
}

/**
 * Makes the database of DATA_DIR anew from a backup; the one that is there is moved aside, never deleted. Whoever calls
 * holds the lock of DATA_DIR.
 *
 * @throws Problem `invalid-request` or `database-unavailable`; then everything is as it was
 */
export async function restoreBackup(file: string, dataDir: string, clock: Clock): Promise<Restored> {
  const backup = parseBackup(read(file), file);
  refuseNewer(`The backup ${file}`, backup.migrations);
  const folder = path.join(dataDir, 'db');
  const draft = restoringOf(folder);
  // One that was killed at its last step is whole, and the only one in its place.
  finishRestore(folder);
  try {
    await fill(draft, backup);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw new Problem('database-unavailable', `${file} cannot be restored: ${messageOf(error)}. Nothing was changed.`, {
      cause: error,
    });
  }
  // From here on a kill leaves a whole one: the next start finishes what it finds under this name.
  const whole = restoredOf(folder);
  renameSync(draft, whole);
  const movedTo = moveAside(folder, clock);
  renameSync(whole, folder);
  return { rows: Object.values(backup.tables).reduce((sum, rows) => sum + rows.length, 0), movedTo };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = errorCodeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new Problem('invalid-request', `${file} cannot be read: ${why}. Nothing was changed.`, { cause: error });
  }
}

function moveAside(folder: string, clock: Clock): string | null {
  if (!existsSync(folder)) return null;
  const aside = `${folder}.before-restore-${new Date(clock.wall()).toISOString().replaceAll(':', '-')}`;
  renameSync(folder, aside);
  return aside;
}

/** Rows go into the schema that they came from, by the names of their columns; what came later is applied to them then. */
async function fill(folder: string, backup: Backup): Promise<void> {
  const engine = await EmbeddedPostgres.open(folder, HANG_MS, { lost: () => undefined, reopened: () => undefined });
  try {
    const connection = engine.connection();
    await migrateTo(connection, backup.migrations);
    await refuseLacks(connection, backup);
    await connection.exec('begin');
    for (const [table, rows] of Object.entries(backup.tables)) await load(connection, table, rows);
    await connection.exec('commit');
    await migrate(connection);
    await refuseMisfit(connection);
    await connection.exec('update local.supervision set is_restored = true');
  } finally {
    await engine.close();
  }
}

/** Its maker writes every table, be it empty. */
async function refuseLacks(connection: SqlConnection, { tables }: Backup): Promise<void> {
  const { rows } = await connection.query(ALL_TABLES);
  const lacks = rows.map(({ name }) => String(name)).filter((name) => !Object.hasOwn(tables, name));
  if (lacks.length > 0) throw new Error(`it lacks ${lacks.join(', ')}`);
}

/** Rows that fit each by itself may not fit together: then nothing could be written to the history any more. */
async function refuseMisfit(connection: SqlConnection): Promise<void> {
  const { rows } = await connection.query(`
    select (select (value #>> '{}')::bigint from local.meta where key = 'event_seq')
      >= (select coalesce(max(seq), 0) from actp_agent_events) as fits
  `);
  if (rows[0]?.fits !== true) throw new Error('its counter of events does not fit its events');
}

async function load(connection: SqlConnection, table: string, rows: Backup['tables'][string]): Promise<void> {
  // A migration may have put first rows there.
  await connection.exec(`delete from ${table}`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => `"${name}"`).join(', ');
  for (let start = 0; start < rows.length; start += CHUNK) {
    await connection.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(rows.slice(start, start + CHUNK))],
    );
  }
}
