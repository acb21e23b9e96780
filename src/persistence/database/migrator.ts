import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, Problem } from '../../kernel';
import { LOCAL_STEPS } from './local-schema';
import type { SqlConnection } from './sql-connection';

interface Migration {
  readonly name: string;
  readonly sql: string;
}

const BOOKKEEPING = `
  create schema if not exists local;
  create table if not exists local.applied_migration (
    name text primary key, checksum text not null, applied_at timestamptz not null default now()
  );
`;

/**
 * Applies the missing migrations, each in its own transaction: first those of `supabase/migrations`, the schema of both
 * databases, then the local ones of this machine.
 *
 * @throws Problem `database-unavailable` if a migration fails, or if the database is newer than this program (names
 * both versions)
 */
export async function migrate(connection: SqlConnection): Promise<void> {
  const applied = await appliedMigrations(connection);
  refuseNewer('The database', applied);
  for (const migration of knownMigrations()) if (!applied.includes(migration.name)) await apply(connection, migration);
}

/** Gives an empty database the schema of another one, possibly made by an older version of this program. */
export async function migrateTo(connection: SqlConnection, names: readonly string[]): Promise<void> {
  await connection.exec(BOOKKEEPING);
  for (const migration of knownMigrations()) if (names.includes(migration.name)) await apply(connection, migration);
}

/** Returns all migrations of this program, in the order of application. */
function knownMigrations(): Migration[] {
  return [...readMigrations(), ...LOCAL_STEPS];
}

async function appliedMigrations(connection: SqlConnection): Promise<string[]> {
  await connection.exec(BOOKKEEPING);
  const { rows } = await connection.query('select name from local.applied_migration order by name');
  return rows.map(({ name }) => String(name));
}

/** Refuses unknown migrations. @throws Problem `database-unavailable` that names both versions */
export function refuseNewer(what: string, applied: readonly string[]): void {
  const known = knownMigrations().map(({ name }) => name);
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length === 0) return;
  throw new Problem(
    'database-unavailable',
    `${what} is newer than this program: it has ${newer.join(', ')}, and this program knows up to ${known.at(-1) ?? 'nothing'}. Start the newer agent-spawner, or restore a backup from this version.`,
  );
}

async function apply(connection: SqlConnection, { name, sql }: Migration): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex');
  try {
    await connection.exec('begin');
    await connection.exec(sql);
    await connection.query('insert into local.applied_migration (name, checksum) values ($1, $2)', [name, checksum]);
    await connection.exec('commit');
  } catch (error) {
    await connection.exec('rollback').catch(() => undefined);
    throw new Problem('database-unavailable', `Migration ${name} failed: ${messageOf(error)}.`, { cause: error });
  }
}

/** Returns the files of `supabase/migrations` in the order of their names, which start with a timestamp. */
export function readMigrations(): Migration[] {
  const folder = path.join(packageRoot(), 'supabase', 'migrations');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ name: path.basename(file, '.sql'), sql: readFileSync(path.join(folder, file), 'utf8') }));
}

/** Returns the folder of package.json above this file, for both src and dist. */
function packageRoot(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error('package.json is not above this file');
  }
}
