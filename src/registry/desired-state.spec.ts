import { a, definitions, registry, reload, test, useRegistry } from '../../test/support/registry-world';

useRegistry();

describe('the desired state', () => {
  it('is stopped for a new managed agent, and running for an external one', async () => {
    await registry.register(a);
    await registry.register({ ...a, agentId: 'b', entryPoint: null });
    expect(['a', 'b', 'unknown'].map((id) => registry.desiredState(id))).toEqual(['stopped', 'running', 'stopped']);
  });

  it('is running for an external agent also after a restart of the supervisor', async () => {
    await registry.register({ ...a, entryPoint: null });
    expect((await reload()).desiredState('a')).toBe('running');
  });

  it('follows a decision at once and after a restart of the supervisor', async () => {
    await registry.register(a);
    definitions.applyDesired('a', 'running');
    await test.database.transaction((tx) => definitions.saveDesired(tx, 'a', 'running', 'starting'));
    expect([registry.desiredState('a'), (await reload()).desiredState('a')]).toEqual(['running', 'running']);
  });

  it('survives an update, and is forgotten when the agent is unregistered', async () => {
    await registry.register(a);
    await test.database.transaction((tx) => definitions.saveDesired(tx, 'a', 'running', 'starting'));
    definitions.applyDesired('a', 'running');
    await registry.update('a', { name: 'New' });
    expect([registry.desiredState('a'), (await reload()).desiredState('a')]).toEqual(['running', 'running']);
    await registry.unregister('a');
    expect(registry.desiredState('a')).toBe('stopped');
    definitions.applyDesired('a', 'running');
    await registry.register(a);
    expect(registry.desiredState('a')).toBe('stopped');
  });
});
