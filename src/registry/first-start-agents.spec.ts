import { a, ids, registry, reload, useRegistry } from '../../test/support/registry-world';

useRegistry();

describe('the first-start agents', () => {
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

  it('have no role beyond their own heartbeats, except the orchestrator, which routes tasks', async () => {
    await registry.seedFirstStart();
    const roles = registry.listAgents().map(({ agentId, apiRole }) => [agentId, apiRole]);
    expect(roles.filter(([, role]) => role !== null)).toEqual([['orchestrator', 'operator']]);
  });

  it('are registered once: an unregistered one does not come back', async () => {
    await registry.seedFirstStart();
    await registry.unregister('orchestrator');
    await registry.seedFirstStart();
    const later = await reload();
    await later.seedFirstStart();
    expect(ids(later)).toHaveLength(4);
    expect(ids(later)).not.toContain('orchestrator');
  });

  it('do not replace an agent with the same id', async () => {
    const mine = await registry.register({ ...a, agentId: 'orchestrator' });
    await registry.seedFirstStart();
    expect(registry.getAgent('orchestrator')).toEqual(mine);
    expect(registry.listAgents()).toHaveLength(5);
  });

  it('are completed by the next start if the supervisor was killed in between', async () => {
    await registry.register({ ...a, agentId: 'content-agent' });
    const later = await reload();
    await later.seedFirstStart();
    expect(later.listAgents()).toHaveLength(5);
  });
});
