import { z } from 'zod';
import { messageOf, Problem } from '../../kernel';

/** Folder of the backups, in DATA_DIR. */
export const BACKUPS = 'backups';
const KEPT = 7;
const DAY_MS = 86_400_000;

const NAME = /^backup-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)\.(\d{3})Z\.json$/;

/**
 * Selects the tables of a backup, with their schema. The outbox and the mirror's bookkeeping are left out: restored
 * rows are compared with the mirror anyway.
 */
export const ALL_TABLES = `
  select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'local')
  and tablename not in ('applied_migration', 'outbox', 'mirror', 'mirror_refusal') order by schemaname desc, tablename
`;

/** Suffix of a backup that is still being written. */
export const DRAFT = '.draft';

const VERSION = 1;
const NOTICE =
  'This file contains secrets: the environments of agents and the headers of their health checks. Do not share it.';

const headSchema = z.object({
  format: z.literal('agent-spawner backup'),
  version: z.literal(VERSION),
  notice: z.string(),
  madeAt: z.iso.datetime(),
  instance: z.string().nullable(),
  migrations: z.array(z.string()).min(1),
});
const tableName = z
  .string()
  .regex(/^(?:public|local)\.[a-z_]+$/)
  // The head lists the applied migrations. Rows of this table could contradict it.
  .refine((name) => name !== 'local.applied_migration', 'a backup must not contain this table');
const backupSchema = headSchema.extend({
  tables: z.record(tableName, z.array(z.record(z.string().regex(/^[a-z_]+$/), z.unknown()))),
});

/** All rows of all tables, at one moment. Table names include the schema. */
export type Backup = z.output<typeof backupSchema>;
export type BackupHead = Pick<Backup, 'madeAt' | 'instance' | 'migrations'>;

/** Returns the file name of a backup. Names sort in the order of their times. */
export function backupName(wallMs: number): string {
  return `backup-${new Date(wallMs).toISOString().replaceAll(':', '-')}.json`;
}

/**
 * Returns the backups to delete: all except the last seven, and the last one of each of the last seven days that have
 * one. Keeping one a day protects older backups from a service that restarts over and over. Ignores names that are not
 * those of a backup.
 */
export function outdatedBackups(names: readonly string[]): string[] {
  const backups = backupsOf(names);
  const lastOfDay = new Map(backups.map((name) => [NAME.exec(name)?.[1], name]));
  const kept = new Set([...backups.slice(-KEPT), ...[...lastOfDay.values()].slice(-KEPT)]);
  return backups.filter((name) => !kept.has(name));
}

/**
 * Returns true if the newest backup is at least a day old. A backup dated in the future also counts as due: the clock
 * was changed, so its age is unknown.
 */
export function isBackupDue(names: readonly string[], wallMs: number): boolean {
  const newest = NAME.exec(backupsOf(names).at(-1) ?? '');
  if (newest === null) return true;
  const [, day, hours, minutes, seconds, milliseconds] = newest;
  const ageMs =
    wallMs - Date.parse(`${day ?? ''}T${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${milliseconds ?? ''}Z`);
  return !(ageMs >= 0 && ageMs < DAY_MS);
}

/** Returns the partial backups that a kill left behind. */
export function draftsOf(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith(DRAFT) && NAME.test(name.slice(0, -DRAFT.length)));
}

function backupsOf(names: readonly string[]): string[] {
  return names.filter((name) => NAME.test(name)).sort();
}

/** Returns the text before the first table. */
export function openingText(head: BackupHead): string {
  const { madeAt, instance, migrations } = head;
  const whole = { format: 'agent-spawner backup', version: VERSION, notice: NOTICE, madeAt, instance, migrations };
  const members = Object.entries(whole).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`,
  );
  return `{\n${members.join('')}  "tables": {`;
}

/** Returns the text of consecutive rows of a table. Each row is already JSON and gets its own line. */
export function rowsText(rows: readonly string[], isFirst: boolean): string {
  return rows.map((row, index) => `${isFirst && index === 0 ? '' : ','}\n      ${row}`).join('');
}

export function tableOpening(name: string, isFirst: boolean): string {
  return `${isFirst ? '' : ','}\n    ${JSON.stringify(name)}: [`;
}

export const TABLE_END = '\n    ]';
export const CLOSING_TEXT = '\n  }\n}\n';

/** Parses a backup. @throws Problem `invalid-request` that says what is wrong with the file */
export function parseBackup(text: string, file: string): Backup {
  try {
    return backupSchema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error).split('\n').join(' ') : messageOf(error);
    throw new Problem(
      'invalid-request',
      `${file} is not a complete backup of agent-spawner: ${detail}. Nothing was changed.`,
      {
        cause: error,
      },
    );
  }
}
