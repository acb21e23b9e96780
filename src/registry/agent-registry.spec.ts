import {
  a,
  codeOf,
  definitions,
  ids,
  listRecorded,
  registry,
  reload,
  test,
  useRegistry,
} from '../../test/support/registry-world';
import { InstanceIdentity } from '../persistence';

useRegistry();

describe('register', () => {
  it('registers a definition, which can be read from then on', async () => {
    const agent = await registry.register({ ...a, tags: ['x'], policy: { verifySeconds: 1 } });
    expect(agent).toMatchObject({ ...a, tags: ['x'], args: [], registeredAt: test.clock.wall() });
    expect(registry.getAgent('a')).toEqual(agent);
    expect(registry.listAgents()).toEqual([agent]);
    expect(definitions.policyOf('a')).toEqual({ verifySeconds: 1 });
    expect(await listRecorded()).toEqual([['agent.registered', { name: 'A', entryPoint: 'a.py' }]]);
  });

  it('accepts the five arguments of the PRD', async () => {
    const agent = await registry.register('b', 'B', null, ['dm.send'], 'http://localhost:3106/health');
    const expected = {
      agentId: 'b',
      entryPoint: null,
      capabilities: ['dm.send'],
      healthUrl: 'http://localhost:3106/health',
    };
    expect(agent).toMatchObject(expected);
  });

  it('has saved every member when it is acknowledged', async () => {
    const whole = {
      ...{ ...a, args: ['--x', 'ü "quoted"'], interpreter: 'python3', cwd: '.', env: { KEY: 'va\nlue', EMPTY: '' } },
      ...{ envFrom: ['OPENAI_API_KEY'], tags: ['x'], capabilities: ['a.b'], healthUrl: 'http://localhost:1/h' },
      ...{ endpoint: 'http://localhost:1', apiRole: 'viewer' as const, maxMemoryMb: 0.5, policy: { tokenBudget: 7 } },
    };
    const agent = await registry.register(whole);
    expect(agent).toMatchObject(whole);
    expect((await reload()).listAgents()).toEqual([agent]);
  });

  it.each([
    ['an unknown member', { ...a, desiredState: 'running' }, '/desiredState'],
    ['an interpreter that is not in INTERPRETERS', { ...a, interpreter: 'perl' }, '/interpreter'],
    ['an entry point outside AGENTS_DIR', { ...a, entryPoint: '../x.py' }, '/entryPoint'],
    ['a setting of the supervisor', { ...a, envFrom: ['API_TOKENS'] }, '/envFrom/0'],
  ])('refuses %s, and changes nothing', async (_what, definition, pointer) => {
    await expect(registry.register(definition)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer, detail: expect.any(String) as string }],
    });
    expect([ids(registry), await listRecorded(), ids(await reload())]).toEqual([[], [], []]);
  });

  it('registers one of two agents with the same id', async () => {
    const outcomes = await Promise.allSettled([registry.register(a), registry.register({ ...a, name: 'Other' })]);
    expect(outcomes.map(codeOf)).toEqual(['done', 'agent-exists']);
    expect(registry.getAgent('a').name).toBe('A');
    expect((await reload()).listAgents()).toEqual(registry.listAgents());
    expect(await listRecorded()).toHaveLength(1);
  });

  it('changes nothing if the database fails, and can be retried', async () => {
    test.refuseWrites(true);
    await expect(registry.register(a)).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(ids(registry)).toEqual([]);
    test.refuseWrites(false);
    await registry.register(a);
    expect(ids(await reload())).toEqual(['a']);
    expect(await listRecorded()).toHaveLength(1);
  });
});

describe('getAgent', () => {
  it('throws agent-not-found for an unknown agent', () => {
    expect(() => registry.getAgent('unknown')).toThrow(expect.objectContaining({ code: 'agent-not-found' }) as Error);
    expect(definitions.policyOf('unknown')).toEqual({});
  });

  it('returns a frozen agent', async () => {
    await registry.register({ ...a, tags: ['x'] });
    expect(Object.isFrozen(registry.getAgent('a').tags)).toBe(true);
  });
});

describe('update', () => {
  it('changes and saves the members of the patch, and records their names', async () => {
    const before = await registry.register({ ...a, env: { A: 'one' } });
    await test.clock.advance(1_000);
    const after = await registry.update('a', { name: 'New', env: { B: 'two' } });
    expect(after).toEqual({ ...before, name: 'New', env: { A: 'one', B: 'two' }, updatedAt: before.updatedAt + 1_000 });
    expect(registry.getAgent('a')).toEqual(after);
    expect((await reload()).getAgent('a')).toEqual(after);
    expect((await listRecorded()).slice(1)).toEqual([['agent.updated', { members: ['name', 'env'] }]]);
  });

  it('records the capabilities before and after', async () => {
    await registry.register({ ...a, capabilities: ['x'] });
    await registry.update('a', { capabilities: ['y'] });
    expect((await listRecorded()).slice(1)).toEqual([
      ['agent.updated', { members: ['capabilities'] }],
      ['capability.changed', { before: ['x'], after: ['y'] }],
    ]);
  });

  it('changes nothing if all values are equal', async () => {
    const agent = await registry.register(a);
    await test.clock.advance(1_000);
    expect(await registry.update('a', { name: 'A', tags: [] })).toEqual(agent);
    expect(await listRecorded()).toHaveLength(1);
  });

  it('applies both of two concurrent patches', async () => {
    await registry.register({ ...a, env: { A: 'one' } });
    await Promise.all([registry.update('a', { env: { B: 'two' } }), registry.update('a', { env: { C: 'three' } })]);
    expect(registry.getAgent('a').env).toEqual({ A: 'one', B: 'two', C: 'three' });
  });

  it.each([
    ['an unknown member', { agentId: 'b' }],
    ['an entry point outside AGENTS_DIR', { entryPoint: '../x.py' }],
    ['a change to an external agent', { entryPoint: null }],
    ['*** without a stored value', { env: { B: '***' } }],
    ['text instead of an object', 'name'],
  ])('refuses %s, and changes nothing', async (_what, patch) => {
    const agent = await registry.register(a);
    const refused = (async () => registry.update('a', patch))();
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request' });
    expect([registry.getAgent('a'), (await reload()).getAgent('a')]).toEqual([agent, agent]);
  });

  it('changes nothing if the database fails', async () => {
    const agent = await registry.register(a);
    test.refuseWrites(true);
    await expect(registry.update('a', { name: 'New' })).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([registry.getAgent('a'), (await reload()).getAgent('a')]).toEqual([agent, agent]);
  });

  it('changes nothing if all values are equal, also after a restart of the supervisor', async () => {
    const policy = { verifySeconds: 1, tokenBudget: 7 };
    await registry.register({ ...a, policy });
    await (await reload()).update('a', { policy });
    expect(await listRecorded()).toHaveLength(1);
  });

  it('changes an agent that was registered under another INSTANCE_ID', async () => {
    await registry.register(a);
    const renamed = await reload(await InstanceIdentity.read(test.database, 'renamed'));
    await renamed.update('a', { name: 'New' });
    expect((await reload()).getAgent('a').name).toBe('New');
  });
});

describe('unregister', () => {
  it('removes every trace of the agent, and frees its id', async () => {
    const before = await registry.register({ ...a, env: { A: 'one' } });
    await registry.unregister('a');
    expect([ids(registry), ids(await reload())]).toEqual([[], []]);
    expect((await listRecorded()).slice(1)).toEqual([['agent.unregistered', {}]]);
    const after = await registry.register(a);
    expect(after.id).not.toBe(before.id);
    expect(after.env).toEqual({});
  });

  it('removes the agent once, even if it is called twice', async () => {
    await registry.register(a);
    const outcomes = await Promise.allSettled([registry.unregister('a'), registry.unregister('a')]);
    expect(outcomes.map(codeOf)).toEqual(['done', 'agent-not-found']);
    expect(await listRecorded()).toHaveLength(2);
  });

  it('changes nothing if the database fails', async () => {
    const agent = await registry.register(a);
    test.refuseWrites(true);
    await expect(registry.unregister('a')).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([registry.getAgent('a'), ids(await reload())]).toEqual([agent, ['a']]);
  });
});
