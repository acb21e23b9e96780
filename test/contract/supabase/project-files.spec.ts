import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describeOnDatabases } from '../../support/supabase-kinds';
import { migrationTexts, startDatabase, SUPABASE_FOLDER, type SupabaseDatabase } from '../../support/supabase-database';

/** Each query of the API, or the check of each rule, by the columns that its index begins with. */
const INDEXES: readonly { table: string; columns: string; unique?: boolean }[] = [
  { table: 'actp_agent_registry', columns: 'instance, agent_id', unique: true },
  { table: 'actp_agent_health_log', columns: 'agent_id, checked_at' },
  { table: 'actp_agent_health_log', columns: 'checked_at' },
  { table: 'actp_agent_restarts', columns: 'agent_id, restarted_at' },
  { table: 'actp_agent_restarts', columns: 'restarted_at' },
  { table: 'actp_agent_events', columns: 'agent_id, seq' },
  { table: 'actp_agent_events', columns: 'type, seq' },
  { table: 'actp_agent_events', columns: 'seq' },
  { table: 'actp_agent_events', columns: 'occurred_at' },
  { table: 'actp_agent_events', columns: 'instance, seq', unique: true },
];

/** The table of API.md: agents present from the first start. */
const AGENTS = [
  ['acquisition-agent', 'acquisition_agent.py', null, 'outreach.dm, outreach.linkedin, upwork.propose'],
  ['content-agent', 'content_generation_agent.py', null, 'content.generate, content.publish'],
  ['orchestrator', 'cognitive_orchestrator.py', null, 'orchestrator.plan, orchestrator.delegate'],
  ['revenue-agent', 'revenue_analytics_agent.py', null, 'revenue.track, analytics.report'],
  ['safari-automation', null, 'http://localhost:3106/health', 'research.market, dm.send'],
];

/** Lists the privileges of a role on every relation of the schema, granted to it or to public. */
const PRIVILEGES = `
  select relation.relname || ': ' || privilege as held
  from pg_class relation
  cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger', 'usage']) privilege
  where relation.relnamespace = 'public'::regnamespace
    and case
      when relation.relkind in ('r', 'p', 'v', 'm', 'f') and privilege <> 'usage'
        then has_table_privilege($1, relation.oid, privilege)
          or privilege in ('select', 'insert', 'update', 'references')
            and has_any_column_privilege($1, relation.oid, privilege)
      when relation.relkind = 'S' and privilege in ('usage', 'select', 'update')
        then has_sequence_privilege($1, relation.oid, privilege)
      else false
    end
  order by held
`;

const WITHOUT_COMMENT = `
  select relation.relname || coalesce('.' || attribute.attname, '') as missing
  from pg_class relation
  join (
    select attrelid, attnum, attname from pg_attribute where attnum > 0 and not attisdropped
    union all
    select oid, 0, null from pg_class
  ) attribute on attribute.attrelid = relation.oid
  where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and coalesce(col_description(relation.oid, attribute.attnum), obj_description(relation.oid, 'pg_class'), '') = ''
  order by missing
`;

const INDEXED = `
  select relation.relname as table, index.indisunique as unique, (
    select string_agg(attribute.attname, ', ' order by position)
    from unnest(index.indkey) with ordinality key (attnum, position)
    join pg_attribute attribute on attribute.attrelid = index.indrelid and attribute.attnum = key.attnum
  ) as columns
  from pg_index index
  join pg_class relation on relation.oid = index.indrelid
  where relation.relnamespace = 'public'::regnamespace and index.indpred is null
`;

describe('the files of supabase/', () => {
  const names = readdirSync(path.join(SUPABASE_FOLDER, 'migrations'));

  it('have migrations whose names sort in their order', () => {
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !/^\d{14}_[a-z0-9_]+\.sql$/.test(name))).toEqual([]);
    const versions = names.map((name) => name.slice(0, 14));
    expect(new Set(versions).size).toBe(versions.length);
  });

  it('have a config.toml that the Supabase command line accepts', () => {
    const config = parseToml(readFileSync(path.join(SUPABASE_FOLDER, 'config.toml'), 'utf8'));

    expect(config.get('project_id')).toBe('agent-spawner');
    expect([15, 17]).toContain(config.get('db.major_version'));
    expect(config.get('api.schemas')).toEqual(['public']);
    expect(config.get('db.seed.sql_paths')).toEqual(['./seed.sql']);
    expect(existsSync(path.join(SUPABASE_FOLDER, 'seed.sql'))).toBe(true);
  });
});

describeOnDatabases('a Supabase project with these files applied', (kind) => {
  let database: SupabaseDatabase;

  beforeAll(async () => {
    database = await startDatabase(kind);
    for (const migration of migrationTexts()) await database.query(migration);
  });
  afterAll(() => database.stop());

  const list = async (sql: string, parameters?: readonly unknown[]) =>
    (await database.query(sql, parameters)).map((row) => Object.values(row)[0]);

  it('has the mirrored tables, each with row level security and without a policy', async () => {
    const tables = `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`;

    expect(await list(tables)).toEqual(expect.arrayContaining(INDEXES.map(({ table }) => table)));
    expect(await list(`${tables} and not relrowsecurity`)).toEqual([]);
    expect(await list(`select policyname from pg_policies where schemaname = 'public'`)).toEqual([]);
  });

  it.each(['anon', 'authenticated'])(
    'grants nothing to %s, although the default would grant everything',
    async (role) => {
      expect(await list(PRIVILEGES, [role])).toEqual([]);
      const granted =
        'select table_name from information_schema.role_table_grants where table_schema = $1 and grantee = $2';
      expect(await list(granted, ['public', role])).toEqual([]);

      await database.query('create table probe (id serial)');
      const held = await list(PRIVILEGES, [role]);
      await database.query('drop table probe');
      expect(held).toEqual(expect.arrayContaining(['probe: select', 'probe: truncate', 'probe_id_seq: usage']));
    },
  );

  it('lets the service key read and write every table', async () => {
    const tables = await list(`select tablename from pg_tables where schemaname = 'public'`);
    const needed = tables.flatMap((table) =>
      ['select', 'insert', 'update', 'delete'].map((privilege) => `${String(table)}: ${privilege}`),
    );

    expect(await list(PRIVILEGES, ['service_role'])).toEqual(expect.arrayContaining(needed));
    expect(await list(`select rolbypassrls from pg_roles where rolname = 'service_role'`)).toEqual([true]);
  });

  it('has a comment on each table and each column', async () => {
    expect(await list(WITHOUT_COMMENT)).toEqual([]);
  });

  it.each(INDEXES)('has an index on $table ($columns)', async ({ table, columns, unique }) => {
    const indexes = (await database.query(INDEXED)).filter((index) => index.table === table);

    const index = indexes.find((each) => each.columns === columns);
    expect(index).toMatchObject(unique === true ? { unique } : { columns });
  });

  it('has the five agents of the first start, even if seeded twice', async () => {
    const seed = readFileSync(path.join(SUPABASE_FOLDER, 'seed.sql'), 'utf8');
    await database.query(seed);
    await database.query(seed);

    const rows = await database.query(
      `select agent_id, entry_point, health_url, capabilities from actp_agent_registry order by agent_id collate "C"`,
    );
    const agents = rows.map(({ capabilities, ...row }) => [
      ...Object.values(row),
      (capabilities as string[]).join(', '),
    ]);
    expect(agents).toEqual(AGENTS);
  });
});

/** Parses the subset of TOML in config.toml: sections, and values that are also valid JSON. */
function parseToml(text: string): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  let section = '';
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^\[([a-z0-9_.]+)\]$/.exec(line) ?? [];
    if (name !== undefined) section = `${name}.`;
    else {
      const [, key, value] = /^([a-z0-9_]+) = (.+)$/.exec(line) ?? [];
      if (key === undefined || value === undefined) throw new Error(`config.toml: unsupported line: ${line}`);
      if (values.has(section + key)) throw new Error(`config.toml: duplicate key: ${section}${key}`);
      values.set(section + key, JSON.parse(value));
    }
  }
  return values;
}
