import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { messageOf, Problem } from '../kernel';
import { LOCAL_STEPS } from './local-schema';

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
 * Applies what is not applied yet, each migration in a transaction of its own: those of `supabase/migrations`, which are
 * the schema of both databases, then ours for this machine.
 *
 * @throws Problem `database-unavailable` when the database is newer than this program, naming both, or a migration fails
 */
export async function migrate(pglite: PGlite): Promise<void> {
  const migrations = [...readMigrations(), ...LOCAL_STEPS];
  await pglite.exec(BOOKKEEPING);
  const { rows } = await pglite.query<{ name: string }>('select name from local.applied_migration order by name');
  const applied = rows.map(({ name }) => name);
  refuseNewer(applied, migrations);
  for (const migration of migrations) if (!applied.includes(migration.name)) await apply(pglite, migration);
}

function refuseNewer(applied: readonly string[], known: readonly Migration[]): void {
  const newer = applied.filter((name) => !known.some((migration) => migration.name === name));
  if (newer.length === 0) return;
  throw new Problem(
    'database-unavailable',
    `The database is newer than this program: it has ${newer.join(', ')}, and this program knows up to ${known.at(-1)?.name ?? 'nothing'}. Start the newer agent-spawner, or restore a backup that this one made.`,
  );
}

async function apply(pglite: PGlite, { name, sql }: Migration): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex');
  try {
    await pglite.transaction(async (tx) => {
      await tx.exec(sql);
      await tx.query('insert into local.applied_migration (name, checksum) values ($1, $2)', [name, checksum]);
    });
  } catch (error) {
    throw new Problem('database-unavailable', `Migration ${name} failed: ${messageOf(error)}.`, { cause: error });
  }
}

/** The files of `supabase/migrations`, in the order of their names, which begin with their time. */
export function readMigrations(): Migration[] {
  const folder = path.join(packageRoot(), 'supabase', 'migrations');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ name: path.basename(file, '.sql'), sql: readFileSync(path.join(folder, file), 'utf8') }));
}

/** The folder with package.json above this file, be it in src or in dist. */
function packageRoot(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error('package.json is not above this file');
  }
}
