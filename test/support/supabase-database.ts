import { execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import projectPackage from '../../package.json';
import { findPort, startChild, type Child } from './supabase-child';
import { postgresFolder, postgresOwner, type RigKind } from './supabase-kinds';
import { SqlClient } from './supabase-sql';
import { makeTempFolder, type TempFolder } from './temp-folder';

/** Folder that the Supabase CLI reads. */
export const SUPABASE_FOLDER = path.resolve(__dirname, '../../supabase');

const CACHE = path.resolve(__dirname, '../../node_modules/.cache/agent-spawner');
const PGLITE_SERVER = path.join(__dirname, 'supabase-pglite.mjs');

/** Roles as in a new Supabase project, where the browser's roles get every privilege unless it is revoked. */
const ROLES = `
  do $$
  begin
    if not exists (select from pg_roles where rolname = 'postgres') then
      create role postgres login createrole createdb replication bypassrls;
    end if;
  end
  $$;
  alter database postgres owner to postgres;
  create role anon nologin noinherit;
  create role authenticated nologin noinherit;
  create role service_role nologin noinherit bypassrls;
  create role authenticator login noinherit;
  grant anon, authenticated, service_role to authenticator, postgres;
  grant usage on schema public to postgres, anon, authenticated, service_role;
  alter default privileges for role postgres in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
  alter default privileges for role postgres in schema public
    grant all on functions to postgres, anon, authenticated, service_role;
  alter default privileges for role postgres in schema public
    grant all on sequences to postgres, anon, authenticated, service_role;
`;

/** A database like that of a new Supabase project, in its own process. Its data survives a SIGKILL. */
export interface SupabaseDatabase {
  /** Connection URI for PostgREST. */
  readonly uri: string;
  /** Folder for the logs of the programs of this rig. */
  readonly folder: TempFolder;
  /** Runs a statement as `postgres`, the owner of the tables, over a separate connection. */
  query(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** Operations that differ between the kinds of Postgres. */
interface Engine {
  /** Role that owns everything before the other roles exist. */
  readonly superuser: string;
  /** Creates an empty database. */
  prepare(): Promise<void>;
  start(port: number): Child;
}

export async function startDatabase(kind: RigKind): Promise<SupabaseDatabase> {
  const folder = makeTempFolder();
  const engine = kind === 'pglite' ? pgliteIn(folder) : debianIn(folder);
  const port = await findPort();
  const sql = new SqlClient({ port, user: 'postgres' });
  let child: Child | null = null;

  /** Resolves once this user can connect. */
  const start = async (user: string) => {
    child = engine.start(port);
    const probe = new SqlClient({ port, user });
    await child.started(async () => (await probe.query('select 1')).length === 1).finally(() => probe.close());
  };
  const kill = async () => {
    await child?.kill();
    await sql.close();
  };
  const stop = async () => {
    await sql.close();
    await child?.end();
    folder.remove();
  };
  try {
    await engine.prepare();
    await start(engine.superuser);
    const superuser = new SqlClient({ port, user: engine.superuser });
    await superuser.query(ROLES).finally(() => superuser.close());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ folder, kill, stop },
    uri: `postgres://authenticator@127.0.0.1:${port}/postgres?sslmode=disable`,
    query: (text, parameters) => sql.query(text, parameters),
    start: () => start('postgres'),
  };
}

/** Returns the texts of the migrations, in order. */
export function migrationTexts(): string[] {
  const folder = path.join(SUPABASE_FOLDER, 'migrations');
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name) => readFileSync(path.join(folder, name), 'utf8'));
}

function pgliteIn(folder: TempFolder): Engine {
  const run = (data: string, ...port: string[]) =>
    startChild({
      name: 'PGlite',
      program: process.execPath,
      args: [PGLITE_SERVER, data, ...port],
      log: folder.at('postgres.log'),
    });
  return {
    superuser: 'postgres',
    prepare: async () => {
      cpSync(await pgliteTemplate(run), folder.at('data'), { recursive: true });
    },
    start: (port) => run(folder.at('data'), String(port)),
  };
}

/**
 * Returns the template of an empty database. It is created once per version, because creating takes seconds and copying
 * is fast.
 */
async function pgliteTemplate(run: (data: string) => Child): Promise<string> {
  const template = path.join(CACHE, `empty-pglite-${projectPackage.dependencies['@electric-sql/pglite']}`);
  if (existsSync(template)) return template;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(path.join(CACHE, 'draft-'));
  await run(path.join(draft, 'data')).finished();
  try {
    renameSync(path.join(draft, 'data'), template);
  } catch (error) {
    // Another worker may have created it first; its template is equivalent.
    if (!existsSync(template)) throw error;
  }
  rmSync(draft, { recursive: true, force: true });
  return template;
}

function debianIn(folder: TempFolder): Engine {
  const programs = postgresFolder();
  if (programs === null) throw new Error('there is no initdb');
  const as = { cwd: folder.root, ...postgresOwner() };
  return {
    superuser: 'supabase_admin',
    prepare: () => {
      if (as.uid !== undefined && as.gid !== undefined) chownSync(folder.root, as.uid, as.gid);
      const options = ['-U', 'supabase_admin', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
      execFileSync(path.join(programs, 'initdb'), ['-D', folder.at('data'), ...options], { ...as, stdio: 'pipe' });
      return Promise.resolve();
    },
    start: (port) =>
      startChild({
        name: 'Postgres',
        program: path.join(programs, 'postgres'),
        // -F: the process may be killed, but the machine stays up. No socket: the path of its folder may be too long
        // for one.
        args: ['-D', folder.at('data'), '-h', '127.0.0.1', '-p', String(port), '-F', '-c', 'unix_socket_directories='],
        log: folder.at('postgres.log'),
        spawn: as,
        // After SIGKILL, its children would only notice by themselves.
        lastSignal: 'QUIT',
      }),
  };
}
