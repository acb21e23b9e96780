import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

/** Runs concurrent changes of one agent on the real service and the real PM2. */
describe('an agent that is changed', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService({ settings: { KILL_TIMEOUT_SECONDS: '1' } });
  });
  afterAll(async () => {
    await service.destroy();
  });

  const isAlive = (agentId: string) => (livingAgents(service.home).get(agentId) ?? []).length > 0;

  it('leaves no process that no route can stop after a DELETE among spawns', async () => {
    for (let round = 0; round < 5; round += 1) {
      const agentId = `contended-${round}`;
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh' });
      const answers = await Promise.all([
        service.api.request('POST', `/api/agents/${agentId}/spawn`),
        service.api.request('DELETE', `/api/agents/${agentId}`),
        service.api.request('POST', `/api/agents/${agentId}/spawn`),
      ]);
      for (const { status } of answers) expect([200, 204, 404, 409]).toContain(status);
      const { status } = await service.api.request('GET', `/api/agents/${agentId}`);
      if (status === 200)
        await until(
          async () => (await service.api.request('DELETE', `/api/agents/${agentId}`)).status === 204,
          'it is unregistered',
        );
      expect(isAlive(agentId)).toBe(false);
    }
  });

  it('keeps restartPending over a restart of the service until its next launch', async () => {
    await service.api.register({ agentId: 'pending', name: 'pending', entryPoint: 'sleeper.sh' });
    await service.api.spawn('pending');
    await service.api.expect(200, 'PATCH', '/api/agents/pending', { args: ['x'] });
    expect((await service.api.agent('pending')).restartPending).toBe(true);
    await service.end('SIGKILL');
    await service.start();
    await until(async () => (await service.api.agent('pending')).status === 'running', 'it is adopted');
    expect((await service.api.agent('pending')).restartPending).toBe(true);
    await service.api.expect(200, 'POST', '/api/agents/pending/restart');
    expect((await service.api.agent('pending')).restartPending).toBe(false);
  });
});
