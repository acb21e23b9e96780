import { readFileSync } from 'node:fs';
import { errorCodeOf, messageOf, Problem, type Clock } from '../kernel';
import { ALL_TABLES, parseBackup, type Backup } from './backup';
import { draftDatabase, insertRows, installDraft } from './draft-database';
import { SUCCESSION_SQL } from './instance-identity';
import { migrate, migrateTo, refuseNewer } from './migrator';
import type { SqlConnection } from './sql-connection';

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
  const rows = Object.values(backup.tables).reduce((sum, each) => sum + each.length, 0);
  try {
    await draftDatabase(dataDir, (connection) => fill(connection, backup));
  } catch (error) {
    throw new Problem('database-unavailable', `${file} cannot be restored: ${messageOf(error)}. Nothing was changed.`, {
      cause: error,
    });
  }
  return { rows, movedTo: installDraft(dataDir, clock) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = errorCodeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new Problem('invalid-request', `${file} cannot be read: ${why}. Nothing was changed.`, { cause: error });
  }
}

/** Rows go into the schema that they came from, by the names of their columns; what came later is applied to them then. */
async function fill(connection: SqlConnection, backup: Backup): Promise<void> {
  await migrateTo(connection, backup.migrations);
  await refuseLacks(connection, backup);
  await connection.exec('begin');
  for (const [table, rows] of Object.entries(backup.tables)) {
    // A migration may have put first rows there.
    await connection.exec(`delete from ${table}`);
    await insertRows(connection, table, rows);
  }
  await connection.exec('commit');
  await migrate(connection);
  await refuseMisfit(connection);
  await connection.exec('update local.supervision set is_restored = true');
  await connection.exec(SUCCESSION_SQL);
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
