import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { countedIds } from '../../test/support/seeded';
import { readSettings, resolveSettings } from '../config';
import { EventLog } from '../events';
import { Problem } from '../kernel';
import { InstanceIdentity } from '../persistence';
import { AgentRegistry, type RegistryHooks } from './agent-registry';
import { AgentStore } from './agent-store';
import { DefinitionCheck } from './definition-check';

const settings = resolveSettings(readSettings({ AGENTS_DIR: './agents' }), '/srv/app', '/home/me');
const newId = countedIds();

let test: TestDatabase;
let events: EventLog;
let registry: AgentRegistry;

function makeRegistry(instance = test.instance): AgentRegistry {
  const store = new AgentStore(test.database, instance);
  return new AgentRegistry(store, test.queue, events, new DefinitionCheck(settings), test.clock, newId);
}

/** What a later start of ours finds. */
async function reloaded(instance?: InstanceIdentity): Promise<AgentRegistry> {
  const later = makeRegistry(instance);
  await later.load();
  return later;
}

beforeAll(async () => {
  test = await openTestDatabase();
  events = new EventLog(test.database, test.instance, newId);
});
afterAll(() => test.destroy());
beforeEach(async () => {
  await test.database.transaction(async (tx) => {
    await tx.deleteFrom('actp_agent_registry').execute();
    await tx.deleteFrom('local.agent_env').execute();
    await tx.deleteFrom('actp_agent_events').execute();
    await tx.deleteFrom('local.meta').where('key', '=', 'seeded').execute();
  });
  registry = makeRegistry();
});
afterEach(() => {
  test.refuseWrites(false);
});

const a = { agentId: 'a', name: 'A', entryPoint: 'a.py' };
const ids = (from: AgentRegistry) => from.listAgents().map(({ agentId }) => agentId);
const told = async () => (await events.list({ after: 0, limit: 1_000 })).map(({ type, data }) => [type, data]);
const problemOf = (error: unknown) => (error instanceof Problem ? error.code : error);
const codeOf = (outcome: PromiseSettledResult<unknown>) =>
  outcome.status === 'fulfilled' ? 'done' : problemOf(outcome.reason);

describe('register', () => {
  it('takes a whole definition, and it can be read from then on', async () => {
    const agent = await registry.register({ ...a, tags: ['x'], policy: { verifySeconds: 1 } });
    expect(agent).toMatchObject({ ...a, tags: ['x'], args: [], registeredAt: test.clock.wall() });
    expect(registry.getAgent('a')).toEqual(agent);
    expect(registry.listAgents()).toEqual([agent]);
    expect(registry.policyOf('a')).toEqual({ verifySeconds: 1 });
    expect(await told()).toEqual([['agent.registered', { name: 'A', entryPoint: 'a.py' }]]);
  });

  it("takes the owner's five names", async () => {
    const agent = await registry.register('b', 'B', null, ['dm.send'], 'http://localhost:3106/health');
    const expected = {
      agentId: 'b',
      entryPoint: null,
      capabilities: ['dm.send'],
      healthUrl: 'http://localhost:3106/health',
    };
    expect(agent).toMatchObject(expected);
  });

  it('is on disk with every member when it is acknowledged', async () => {
    const whole = {
      ...{ ...a, args: ['--x', 'ü "quoted"'], interpreter: 'python3', cwd: '.', env: { KEY: 'va\nlue', EMPTY: '' } },
      ...{ envFrom: ['OPENAI_API_KEY'], tags: ['x'], capabilities: ['a.b'], healthUrl: 'http://localhost:1/h' },
      ...{ endpoint: 'http://localhost:1', apiRole: 'viewer' as const, maxMemoryMb: 0.5, policy: { tokenBudget: 7 } },
    };
    const agent = await registry.register(whole);
    expect(agent).toMatchObject(whole);
    expect((await reloaded()).listAgents()).toEqual([agent]);
  });

  it.each([
    ['an unknown member', { ...a, desiredState: 'running' }, '/desiredState'],
    ['an interpreter that is not listed', { ...a, interpreter: 'perl' }, '/interpreter'],
    ['an entry point outside', { ...a, entryPoint: '../x.py' }, '/entryPoint'],
    ['a setting of ours', { ...a, envFrom: ['API_TOKENS'] }, '/envFrom/0'],
  ])('refuses %s, and changes nothing', async (_what, definition, pointer) => {
    await expect(registry.register(definition)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer, detail: expect.any(String) as string }],
    });
    expect([ids(registry), await told(), ids(await reloaded())]).toEqual([[], [], []]);
  });

  it('lets one of two win that register one id at once', async () => {
    const outcomes = await Promise.allSettled([registry.register(a), registry.register({ ...a, name: 'Other' })]);
    expect(outcomes.map(codeOf)).toEqual(['done', 'agent-exists']);
    expect(registry.getAgent('a').name).toBe('A');
    expect((await reloaded()).listAgents()).toEqual(registry.listAgents());
    expect(await told()).toHaveLength(1);
  });

  it('changes nothing where the database fails, and can be tried again', async () => {
    test.refuseWrites(true);
    await expect(registry.register(a)).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(ids(registry)).toEqual([]);
    test.refuseWrites(false);
    await registry.register(a);
    expect(ids(await reloaded())).toEqual(['a']);
    expect(await told()).toHaveLength(1);
  });
});

describe('a change whose commit nobody answered', () => {
  const refused = { code: 'database-unavailable' };

  it('is taken back where it was saved all the same: what is in memory holds', async () => {
    const before = await registry.register({ ...a, env: { KEY: '1' } });
    for (const change of [
      () => registry.register({ ...a, agentId: 'b' }),
      () => registry.update('a', { name: 'New', env: { KEY: '2' } }),
      () => registry.unregister('a'),
    ]) {
      test.leaveNextInDoubt();
      await expect(change()).rejects.toMatchObject(refused);
      expect(await test.queue.flush(5_000)).toBe(true);
      const later = await reloaded();
      expect([registry.listAgents(), later.listAgents()]).toEqual([[before], [before]]);
    }
    await registry.register({ ...a, agentId: 'b' });
    expect(ids(await reloaded())).toEqual(['a', 'b']);
  });
});

describe('getAgent', () => {
  it('says that there is no such agent', () => {
    expect(() => registry.getAgent('nobody')).toThrow(expect.objectContaining({ code: 'agent-not-found' }) as Error);
    expect(registry.policyOf('nobody')).toEqual({});
  });

  it('gives nothing by which a reader could change what is registered', async () => {
    await registry.register({ ...a, tags: ['x'] });
    expect(Object.isFrozen(registry.getAgent('a').tags)).toBe(true);
  });
});

describe('update', () => {
  it('changes what the patch names, on disk too, and tells which members', async () => {
    const before = await registry.register({ ...a, env: { A: 'one' } });
    await test.clock.advance(1_000);
    const after = await registry.update('a', { name: 'New', env: { B: 'two' } });
    expect(after).toEqual({ ...before, name: 'New', env: { A: 'one', B: 'two' }, updatedAt: before.updatedAt + 1_000 });
    expect(registry.getAgent('a')).toEqual(after);
    expect((await reloaded()).getAgent('a')).toEqual(after);
    expect((await told()).slice(1)).toEqual([['agent.updated', { members: ['name', 'env'] }]]);
  });

  it('tells of capabilities before and after', async () => {
    await registry.register({ ...a, capabilities: ['x'] });
    await registry.update('a', { capabilities: ['y'] });
    expect((await told()).slice(1)).toEqual([
      ['agent.updated', { members: ['capabilities'] }],
      ['capability.changed', { before: ['x'], after: ['y'] }],
    ]);
  });

  it('by what it is already changes nothing', async () => {
    const agent = await registry.register(a);
    await test.clock.advance(1_000);
    expect(await registry.update('a', { name: 'A', tags: [] })).toEqual(agent);
    expect(await told()).toHaveLength(1);
  });

  it('lets two patches of different members both hold', async () => {
    await registry.register({ ...a, env: { A: 'one' } });
    await Promise.all([registry.update('a', { env: { B: 'two' } }), registry.update('a', { env: { C: 'three' } })]);
    expect(registry.getAgent('a').env).toEqual({ A: 'one', B: 'two', C: 'three' });
  });

  it.each([
    ['an unknown member', { agentId: 'b' }],
    ['an entry point outside', { entryPoint: '../x.py' }],
    ['an external agent made of it', { entryPoint: null }],
    ['*** of nothing', { env: { B: '***' } }],
    ['no object', 'name'],
  ])('refuses %s, and changes nothing', async (_what, patch) => {
    const agent = await registry.register(a);
    const refused = (async () => registry.update('a', patch))();
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request' });
    expect([registry.getAgent('a'), (await reloaded()).getAgent('a')]).toEqual([agent, agent]);
  });

  it('changes nothing where the database fails', async () => {
    const agent = await registry.register(a);
    test.refuseWrites(true);
    await expect(registry.update('a', { name: 'New' })).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([registry.getAgent('a'), (await reloaded()).getAgent('a')]).toEqual([agent, agent]);
  });

  it('by what it is already changes nothing after a restart of ours either', async () => {
    const policy = { verifySeconds: 1, tokenBudget: 7 };
    await registry.register({ ...a, policy });
    await (await reloaded()).update('a', { policy });
    expect(await told()).toHaveLength(1);
  });

  it('changes an agent that was registered under another INSTANCE_ID', async () => {
    await registry.register(a);
    const renamed = await reloaded(await InstanceIdentity.read(test.database, 'renamed'));
    await renamed.update('a', { name: 'New' });
    expect((await reloaded()).getAgent('a').name).toBe('New');
  });
});

describe('unregister', () => {
  it('leaves nothing of it, and its id can be taken anew', async () => {
    const before = await registry.register({ ...a, env: { A: 'one' } });
    await registry.unregister('a');
    expect([ids(registry), ids(await reloaded())]).toEqual([[], []]);
    expect((await told()).slice(1)).toEqual([['agent.unregistered', {}]]);
    const after = await registry.register(a);
    expect(after.id).not.toBe(before.id);
    expect(after.env).toEqual({});
  });

  it('is done once, by whom it is asked twice', async () => {
    await registry.register(a);
    const outcomes = await Promise.allSettled([registry.unregister('a'), registry.unregister('a')]);
    expect(outcomes.map(codeOf)).toEqual(['done', 'agent-not-found']);
    expect(await told()).toHaveLength(2);
  });

  it('changes nothing where the database fails', async () => {
    const agent = await registry.register(a);
    test.refuseWrites(true);
    await expect(registry.unregister('a')).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([registry.getAgent('a'), ids(await reloaded())]).toEqual([agent, ['a']]);
  });
});

describe('the hooks', () => {
  const calls: string[] = [];
  const hooks: RegistryHooks = {
    beforeUpdate: (agentId) => calls.push(`before update ${agentId}`),
    beforeUnregister: (agentId) => {
      calls.push(`before unregister ${registry.getAgent(agentId).agentId}`);
      return Promise.resolve();
    },
    registered: (agent) => calls.push(`registered ${registry.getAgent(agent.agentId).name}`),
    unregistered: (agentId) => {
      calls.push(`unregistered ${agentId}, left: ${ids(registry).join()}`);
      return Promise.resolve();
    },
  };
  beforeEach(() => {
    calls.length = 0;
    registry.attach(hooks);
  });

  it('are called each at its time', async () => {
    await registry.register(a);
    await registry.update('a', { name: 'New' });
    await registry.unregister('a');
    expect(calls).toEqual(['registered A', 'before update a', 'before unregister a', 'unregistered a, left: ']);
  });

  it('may refuse an update, and then nothing is changed', async () => {
    const agent = await registry.register(a);
    const refusal = new Problem('operation-in-progress', 'busy');
    registry.attach({
      ...hooks,
      beforeUpdate: () => {
        throw refusal;
      },
    });
    await expect(registry.update('a', { name: 'New' })).rejects.toBe(refusal);
    expect(registry.getAgent('a')).toEqual(agent);
  });

  it('may refuse an unregistration, and then it stays', async () => {
    await registry.register(a);
    const refusal = new Problem('operation-in-progress', 'busy');
    registry.attach({ ...hooks, beforeUnregister: () => Promise.reject(refusal) });
    await expect(registry.unregister('a')).rejects.toBe(refusal);
    expect([ids(registry), ids(await reloaded())]).toEqual([['a'], ['a']]);
  });

  it('hear nothing of an agent that there is not', async () => {
    await expect(registry.unregister('nobody')).rejects.toMatchObject({ code: 'agent-not-found' });
    expect(calls).toEqual([]);
  });

  it('hear of nothing that was not saved', async () => {
    await registry.register(a);
    calls.length = 0;
    test.refuseWrites(true);
    await Promise.allSettled([registry.register({ ...a, agentId: 'b' }), registry.unregister('a')]);
    expect(calls).toEqual(['before unregister a']);
  });
});

describe('values of env', () => {
  it('stand in no table that leaves the machine', async () => {
    await registry.register({ ...a, env: { KEY: 'sk-first-secret' } });
    await registry.update('a', { env: { KEY: 'sk-second-secret', MORE: 'sk-third-secret' } });
    const tables = await test.database.read((db) =>
      sql<{ name: string; all: string }>`
        select table_name as name, query_to_xml('select * from ' || table_name, true, true, '')::text as all
        from information_schema.tables where table_schema = 'public'
      `.execute(db),
    );
    const leaving = tables.rows.map(({ all }) => all).join('\n');
    expect(tables.rows.map(({ name }) => name)).toContain('actp_agent_registry');
    expect(leaving).toContain('MORE');
    expect(leaving).not.toMatch(/sk-\w+-secret/);
    expect((await reloaded()).getAgent('a').env).toEqual({ KEY: 'sk-second-secret', MORE: 'sk-third-secret' });
  });
});

describe('the desired state', () => {
  it('of an agent is stopped at first, and of one that is external running', async () => {
    await registry.register(a);
    await registry.register({ ...a, agentId: 'b', entryPoint: null });
    expect(['a', 'b', 'nobody'].map((id) => registry.desiredState(id))).toEqual(['stopped', 'running', 'stopped']);
  });

  it('of one that is external is running after a restart of ours, too', async () => {
    await registry.register({ ...a, entryPoint: null });
    expect((await reloaded()).desiredState('a')).toBe('running');
  });

  it('is what was decided, at once and after a restart of ours', async () => {
    await registry.register(a);
    registry.applyDesired('a', 'running');
    await test.database.transaction((tx) => registry.saveDesired(tx, 'a', 'running', 'starting'));
    expect([registry.desiredState('a'), (await reloaded()).desiredState('a')]).toEqual(['running', 'running']);
  });

  it('outlives an update, and is not remembered of an agent that is gone', async () => {
    await registry.register(a);
    await test.database.transaction((tx) => registry.saveDesired(tx, 'a', 'running', 'starting'));
    registry.applyDesired('a', 'running');
    await registry.update('a', { name: 'New' });
    expect([registry.desiredState('a'), (await reloaded()).desiredState('a')]).toEqual(['running', 'running']);
    await registry.unregister('a');
    expect(registry.desiredState('a')).toBe('stopped');
    registry.applyDesired('a', 'running');
    await registry.register(a);
    expect(registry.desiredState('a')).toBe('stopped');
  });
});

describe('the agents of the first start', () => {
  it('are those of the contract', async () => {
    await registry.seedFirstStart();
    const external = 'http://localhost:3106/health';
    expect(
      registry
        .listAgents()
        .map((agent) => [agent.agentId, agent.entryPoint, agent.healthUrl, agent.capabilities.join(' ')]),
    ).toEqual([
      ['content-agent', 'content_generation_agent.py', null, 'content.generate content.publish'],
      ['acquisition-agent', 'acquisition_agent.py', null, 'outreach.dm outreach.linkedin upwork.propose'],
      ['revenue-agent', 'revenue_analytics_agent.py', null, 'revenue.track analytics.report'],
      ['orchestrator', 'cognitive_orchestrator.py', null, 'orchestrator.plan orchestrator.delegate'],
      ['safari-automation', null, external, 'research.market dm.send'],
    ]);
    expect(registry.listAgents().map(({ autostart }) => autostart)).toEqual([true, true, true, true, false]);
  });

  it('come once: one that was removed does not come back', async () => {
    await registry.seedFirstStart();
    await registry.unregister('orchestrator');
    await registry.seedFirstStart();
    const later = await reloaded();
    await later.seedFirstStart();
    expect(ids(later)).toHaveLength(4);
    expect(ids(later)).not.toContain('orchestrator');
  });

  it('leave an agent alone that has the id of one of them', async () => {
    const mine = await registry.register({ ...a, agentId: 'orchestrator' });
    await registry.seedFirstStart();
    expect(registry.getAgent('orchestrator')).toEqual(mine);
    expect(registry.listAgents()).toHaveLength(5);
  });

  it('are completed where we were killed in between', async () => {
    await registry.register({ ...a, agentId: 'content-agent' });
    const later = await reloaded();
    await later.seedFirstStart();
    expect(later.listAgents()).toHaveLength(5);
  });
});

describe('values of env that are not on this machine', () => {
  /** As RESTORE_FROM leaves it: the mirror has names alone. */
  async function restored(): Promise<AgentRegistry> {
    await registry.register({ ...a, env: { KEY: 'secret', MODE: 'x' } });
    await test.database.transaction((tx) => tx.deleteFrom('local.agent_env').execute());
    return reloaded();
  }
  const rowOf = async () => {
    const rows = await test.database.read((db) =>
      db.selectFrom('actp_agent_registry').select(['env_names', 'status']).execute(),
    );
    return rows[0];
  };

  it('are missing, by their names, and none is missing of an agent that was registered here', async () => {
    expect((await restored()).getAgent('a')).toMatchObject({ env: {}, missingEnv: ['KEY', 'MODE'] });
    expect(registry.getAgent('a').missingEnv).toEqual([]);
  });

  it('are kept in mind by every change that does not give them', async () => {
    const later = await restored();
    await later.update('a', { env: { KEY: 'anew' }, name: 'B' });
    expect(later.getAgent('a')).toMatchObject({ env: { KEY: 'anew' }, missingEnv: ['MODE'] });
    expect((await reloaded()).getAgent('a')).toMatchObject({ env: { KEY: 'anew' }, missingEnv: ['MODE'] });
    expect((await rowOf())?.env_names).toEqual(['KEY', 'MODE']);
  });

  it('can be given up, and not be kept', async () => {
    const later = await restored();
    await expect(later.update('a', { env: { KEY: '***' } })).rejects.toThrow('nothing is stored under this name');
    await later.update('a', { env: { KEY: null, MODE: null } });
    expect((await reloaded()).getAgent('a')).toMatchObject({ env: {}, missingEnv: [] });
    expect((await told()).at(-1)).toEqual(['agent.updated', { members: ['env'] }]);
  });
});
