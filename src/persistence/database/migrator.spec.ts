import { PGlite } from '@electric-sql/pglite';
import { Problem } from '../../kernel';
import { LOCAL_STEPS } from './local-schema';
import { migrate, readMigrations } from './migrator';

const TABLES = [
  'actp_agent_events',
  'actp_agent_health_log',
  'actp_agent_registry',
  'actp_agent_restarts',
  'actp_circuit_breakers',
  'actp_mirror_owner',
];

let pglite: PGlite;
beforeAll(async () => {
  pglite = await PGlite.create('memory://');
  // A Supabase project grants new tables to the browser role `anon` unless that is revoked.
  await pglite.exec('create role anon; alter default privileges grant all on tables to anon;');
  await migrate(pglite);
});
afterAll(() => pglite.close());

async function column(sql: string): Promise<unknown[]> {
  const { rows } = await pglite.query<{ value: unknown }>(sql);
  return rows.map(({ value }) => value);
}

const applied = () => column('select name as value from local.applied_migration order by applied_at, name');

async function refusal(): Promise<Problem> {
  try {
    await migrate(pglite);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('migrate did not refuse');
}

describe('migrate', () => {
  it('applies every file of supabase/migrations, then the local steps', async () => {
    const names = readMigrations().map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(await applied()).toEqual([...names, ...LOCAL_STEPS.map(({ name }) => name)]);
  });

  it('creates the tables of the contract, and the one that names the owner of the mirror', async () => {
    expect(await column("select tablename as value from pg_tables where schemaname = 'public' order by 1")).toEqual(
      TABLES,
    );
  });

  it('enables row level security on each table without a policy, and revokes every grant of a browser role', async () => {
    const secured = "select relname as value from pg_class where relrowsecurity and relkind = 'r' order by 1";
    expect(await column(secured)).toEqual(TABLES);
    expect(await column('select policyname as value from pg_policies')).toEqual([]);
    const rights =
      "select distinct table_name as value from information_schema.role_table_grants where grantee = 'anon'";
    expect((await column(rights)).filter((table) => TABLES.includes(String(table)))).toEqual([]);
  });

  it('applies nothing a second time', async () => {
    const before = await applied();
    await migrate(pglite);
    expect(await applied()).toEqual(before);
  });

  it('refuses a database that is newer than this program, and names both versions', async () => {
    await pglite.exec("insert into local.applied_migration (name, checksum) values ('29990101000001_later', 'x')");
    const { code, detail } = await refusal();
    expect(code).toBe('database-unavailable');
    expect(detail).toContain('29990101000001_later');
    expect(detail).toContain(LOCAL_STEPS.at(-1)!.name);
    await pglite.exec("delete from local.applied_migration where name = '29990101000001_later'");
  });

  it('names a migration that fails, and rolls it back', async () => {
    const last = readMigrations().at(-1)!.name;
    // Its table exists already, so applying it again fails.
    await pglite.query('delete from local.applied_migration where name = $1', [last]);
    const { code, detail } = await refusal();
    expect(code).toBe('database-unavailable');
    expect(detail).toContain(last);
    expect(await applied()).not.toContain(last);
  });
});
