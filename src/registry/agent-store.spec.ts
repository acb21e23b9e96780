import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { agentDefinitionSchema } from '../kernel';
import { AgentStore } from './agent-store';

let test: TestDatabase;
let store: AgentStore;

beforeAll(async () => {
  test = await openTestDatabase();
  store = new AgentStore(test.database, test.instance);
});
afterAll(() => test.destroy());

const agent = {
  ...agentDefinitionSchema.parse({ agentId: 'a', name: 'A', entryPoint: 'a.py' }),
  ...{ id: '00000000-0000-4000-8000-000000000001', missingEnv: [], card: null, registeredAt: 0, updatedAt: 0 },
};

describe('the headers of a health check', () => {
  const withHeaders = { ...agent, agentId: 'h', id: '00000000-0000-4000-8000-000000000002' };
  const save = (healthHeaders: Record<string, string>) =>
    test.database.transaction((tx) => store.save(tx, { ...withHeaders, healthHeaders }));
  const load = async () =>
    (await store.loadAll()).find(({ agent: { agentId } }) => agentId === 'h')?.agent.healthHeaders;
  const rows = () =>
    test.database.read((db) => sql<{ agent_id: string }>`select * from local.agent_health_headers`.execute(db));

  it('are saved and loaded unchanged', async () => {
    await save({ Authorization: 'Bearer a-secret' });
    expect(await load()).toEqual({ Authorization: 'Bearer a-secret' });
    await save({ 'X-Key': 'other' });
    expect(await load()).toEqual({ 'X-Key': 'other' });
  });

  it('are in no mirrored table', async () => {
    await save({ 'X-Marked-Name': 'a-marked-value' });
    const { rows: mirrored } = await test.database.read((db) =>
      sql<{ row: string }>`select row_to_json(r)::text as row from actp_agent_registry r`.execute(db),
    );
    expect(JSON.stringify(mirrored)).not.toMatch(/marked/i);
  });

  it('have no row if empty, and are removed with their agent', async () => {
    await save({});
    expect((await rows()).rows).toEqual([]);
    await save({ A: 'x' });
    await test.database.transaction((tx) => store.remove(tx, 'h'));
    expect((await rows()).rows).toEqual([]);
  });

  it('are empty for an agent that was restored from the mirror', async () => {
    await save({ A: 'x' });
    await test.database.transaction((tx) => sql`delete from local.agent_health_headers`.execute(tx));
    expect(await load()).toEqual({});
    await test.database.transaction((tx) => store.remove(tx, 'h'));
  });
});

describe('the row of an agent', () => {
  it('is written only if a value changes, so that no needless change is mirrored', async () => {
    await test.database.transaction((tx) => store.save(tx, agent));
    const xmin = async () => {
      const { rows } = await test.database.read((db) =>
        sql<{ xmin: string }>`select xmin::text, status from actp_agent_registry`.execute(db),
      );
      return rows[0];
    };
    const save = (status: 'running' | 'starting') =>
      test.database.transaction((tx) => store.saveDesired(tx, 'a', 'running', status));
    await save('starting');
    const first = await xmin();
    await save('starting');
    expect(await xmin()).toEqual(first);
    await save('running');
    expect(await xmin()).toMatchObject({ status: 'running' });
  });
});

describe('a row with an invalid column', () => {
  const NAME = 'broken';
  const definition = agentDefinitionSchema.parse({
    ...{ agentId: NAME, name: 'B', entryPoint: 'b.py', args: ['--dry-run'], tags: ['core'] },
    ...{ env: { KEY: 'value', OTHER: 'x' }, policy: { restart: 'never', verifySeconds: 5 } },
  });

  beforeAll(async () => {
    const broken = { ...agent, ...definition, id: '00000000-0000-4000-8000-000000000002' };
    await test.database.transaction((tx) => store.save(tx, broken));
  });

  const spoil = async (column: string, json: string) => {
    const table = column === 'env' ? 'local.agent_env' : 'actp_agent_registry';
    return test.database.transaction(async (tx) => {
      const { rows } = await sql<{ before: unknown }>`
        select ${sql.ref(column)} as before from ${sql.table(table)} where agent_id = ${NAME}
      `.execute(tx);
      const put = (value: unknown) =>
        sql`update ${sql.table(table)} set ${sql.ref(column)} = ${value}::jsonb where agent_id = ${NAME}`;
      await put(json).execute(tx);
      return {
        restore: () => test.database.transaction((other) => put(JSON.stringify(rows[0]?.before)).execute(other)),
      };
    });
  };

  it.each([
    ['policy', '{"restart": "never", "verifySeconds": "soon", "mood": 1}', { policy: { restart: 'never' } }],
    ['policy', '[]', { policy: {} }],
    ['tags', '"core"', { tags: [] }],
    ['args', '[1]', { args: [] }],
    ['env', '{"KEY": 5, "OTHER": "x"}', { env: { OTHER: 'x' }, missingEnv: ['KEY'] }],
    ['env', '"gone"', { env: {}, missingEnv: ['KEY', 'OTHER'] }],
    ['env_names', '7', { env: { KEY: 'value', OTHER: 'x' }, missingEnv: [] }],
  ])('%s (%s) keeps its agent with all other members', async (column, json, changes) => {
    const { restore } = await spoil(column, json);
    const all = await store.loadAll();
    await restore();
    expect(all.find((each) => each.agent.agentId === NAME)?.agent).toMatchObject({ ...definition, ...changes });
  });
});
