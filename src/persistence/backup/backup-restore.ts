import { readFileSync } from 'node:fs';
import { errorCodeOf, messageOf, Problem, type Clock } from '../../kernel';
import { ALL_TABLES, parseBackup, type Backup } from './backup-file';
import { draftDatabase, installDraft } from '../database/draft-database';
import { SUCCESSION_SQL } from '../instance-identity';
import { migrate, migrateTo, refuseNewer } from '../database/migrator';
import { insertRows, type SqlConnection } from '../database/sql-connection';

/** Result of a restore. */
export interface Restored {
  readonly rows: number;
  /** Path to which the previous database was moved; null if there was no database. */
  readonly movedTo: string | null;
}

/**
 * Replaces the database of DATA_DIR with the content of a backup. The previous database is moved aside, never deleted.
 * The caller must hold the lock of DATA_DIR.
 *
 * @throws Problem `invalid-request` or `database-unavailable`; nothing was changed then
 */
export async function restoreBackup(file: string, dataDir: string, clock: Clock): Promise<Restored> {
  const backup = parseBackup(read(file), file);
  refuseNewer(`The backup ${file}`, backup.migrations);
  const rows = Object.values(backup.tables).reduce((sum, each) => sum + each.length, 0);
  try {
    await draftDatabase(dataDir, (connection) => fill(connection, backup));
  } catch (error) {
    throw new Problem(
      'database-unavailable',
      `${file} cannot be restored: ${messageOf(error)}. Nothing was changed. Restore another backup.`,
      {
        cause: error,
      },
    );
  }
  return { rows, movedTo: installDraft(dataDir, clock) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = errorCodeOf(error) === 'ENOENT' ? 'no such file' : messageOf(error);
    throw new Problem('invalid-request', `${file} cannot be read: ${why}. Nothing was changed.`, { cause: error });
  }
}

/**
 * Inserts the rows, by column name, into the schema that the backup was made with. Later migrations are applied
 * afterwards.
 */
async function fill(connection: SqlConnection, backup: Backup): Promise<void> {
  await migrateTo(connection, backup.migrations);
  await refuseMissingTables(connection, backup);
  await connection.exec('begin');
  for (const [table, rows] of Object.entries(backup.tables)) {
    // A migration may have inserted initial rows.
    await connection.exec(`delete from ${table}`);
    await insertRows(connection, table, rows);
  }
  await connection.exec('commit');
  await migrate(connection);
  await refuseStaleCounter(connection);
  await connection.exec('update local.supervision set is_restored = true');
  await connection.exec(SUCCESSION_SQL);
}

/** Refuses a backup that lacks a table. A complete backup contains every table, even an empty one. */
async function refuseMissingTables(connection: SqlConnection, { tables }: Backup): Promise<void> {
  const { rows } = await connection.query(ALL_TABLES);
  const lacks = rows.map(({ name }) => String(name)).filter((name) => !Object.hasOwn(tables, name));
  if (lacks.length > 0) throw new Error(`it lacks the tables ${lacks.join(', ')}`);
}

/** Refuses a backup whose event counter is behind its events. Every later append to the history would fail. */
async function refuseStaleCounter(connection: SqlConnection): Promise<void> {
  const { rows } = await connection.query(`
    select (select (value #>> '{}')::bigint from local.meta where key = 'event_seq')
      >= (select coalesce(max(seq), 0) from actp_agent_events) as fits
  `);
  if (rows[0]?.fits !== true) throw new Error('its event counter is behind its events');
}
