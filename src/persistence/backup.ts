import { z } from 'zod';
import { messageOf, Problem } from '../kernel';

/** The folder of the backups, in DATA_DIR. */
export const BACKUPS = 'backups';
const KEPT = 7;
const DAY_MS = 86_400_000;

const NAME = /^backup-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)\.(\d{3})Z\.json$/;

/**
 * The names of the tables that belong into one, with their schema. What is still to be mirrored does not: what is restored
 * is compared with the mirror anyway.
 */
export const ALL_TABLES = `
  select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'local')
  and tablename not in ('applied_migration', 'outbox', 'mirror', 'mirror_refusal') order by schemaname desc, tablename
`;

/** What a backup is called until it is whole. */
export const DRAFT = '.draft';

const VERSION = 1;
const NOTICE = 'This file holds the values of the environments of agents, secrets among them. Keep it to yourself.';

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
  // What is applied is what is in the head: rows could say otherwise.
  .refine((name) => name !== 'local.applied_migration', 'it is not for a backup to say what is applied');
const backupSchema = headSchema.extend({
  tables: z.record(tableName, z.array(z.record(z.string().regex(/^[a-z_]+$/), z.unknown()))),
});

/** All rows of all tables, at one moment; the tables are named with their schema. */
export type Backup = z.output<typeof backupSchema>;
export type BackupHead = Pick<Backup, 'madeAt' | 'instance' | 'migrations'>;

/** The name of a backup made at a time; names sort as times do. */
export function backupName(wallMs: number): string {
  return `backup-${new Date(wallMs).toISOString().replaceAll(':', '-')}.json`;
}

/**
 * Those of a folder that give way to newer ones: all but the last seven, and the last one of each of the last seven days
 * that have one, so that a service that ends over and over leaves what was before. What is not named as a backup is never
 * among them.
 */
export function outdatedBackups(names: readonly string[]): string[] {
  const backups = backupsOf(names);
  const lastOfDay = new Map(backups.map((name) => [NAME.exec(name)?.[1], name]));
  const kept = new Set([...backups.slice(-KEPT), ...[...lastOfDay.values()].slice(-KEPT)]);
  return backups.filter((name) => !kept.has(name));
}

/** Whether the newest is a day old, or of a time to come: a clock was set then, and its age says nothing. */
export function isBackupDue(names: readonly string[], wallMs: number): boolean {
  const newest = NAME.exec(backupsOf(names).at(-1) ?? '');
  if (newest === null) return true;
  const [, day, hours, minutes, seconds, milliseconds] = newest;
  const ageMs =
    wallMs - Date.parse(`${day ?? ''}T${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${milliseconds ?? ''}Z`);
  return !(ageMs >= 0 && ageMs < DAY_MS);
}

/** Those that a kill left half written. */
export function draftsOf(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith(DRAFT) && NAME.test(name.slice(0, -DRAFT.length)));
}

function backupsOf(names: readonly string[]): string[] {
  return names.filter((name) => NAME.test(name)).sort();
}

/** The text before the first table. */
export function openingText(head: BackupHead): string {
  const { madeAt, instance, migrations } = head;
  const whole = { format: 'agent-spawner backup', version: VERSION, notice: NOTICE, madeAt, instance, migrations };
  const members = Object.entries(whole).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`,
  );
  return `{\n${members.join('')}  "tables": {`;
}

/** The text of rows that follow each other in a table; each is JSON already, and gets a line of its own. */
export function rowsText(rows: readonly string[], isFirst: boolean): string {
  return rows.map((row, index) => `${isFirst && index === 0 ? '' : ','}\n      ${row}`).join('');
}

export function tableOpening(name: string, isFirst: boolean): string {
  return `${isFirst ? '' : ','}\n    ${JSON.stringify(name)}: [`;
}

export const TABLE_END = '\n    ]';
export const CLOSING_TEXT = '\n  }\n}\n';

/** @throws Problem `invalid-request` that says what is wrong with the file */
export function parseBackup(text: string, file: string): Backup {
  try {
    return backupSchema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error).split('\n').join(' ') : messageOf(error);
    throw new Problem(
      'invalid-request',
      `${file} is no whole backup of agent-spawner: ${detail}. Nothing was changed.`,
      {
        cause: error,
      },
    );
  }
}
