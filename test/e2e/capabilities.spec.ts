import type { RoutedTask } from '../../src/capabilities';
import { makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';
import { until } from '../support/until';

/** Tests routing over HTTP with real agents. */
describe('capabilities', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
    for (const [agentId, capabilities] of Object.entries({
      one: ['content.generate', 'content.publish'],
      two: ['content.generate'],
      other: ['dm.send'],
    })) {
      const endpoint = `http://127.0.0.1:41${agentId.length}/`;
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh', capabilities, endpoint });
    }
    for (const agentId of ['one', 'two']) await service.api.spawn(agentId);
    await until(
      async () =>
        (await service.api.agents()).filter(({ status, healthScore }) => status === 'running' && healthScore !== null)
          .length === 2,
      'both run and were checked',
    );
  });

  afterAll(async () => {
    await service.destroy();
  });

  const route = (body: unknown) => service.api.post<RoutedTask & { code: string }>('/api/tasks/route', body);

  it('are listed with the agents that have them', async () => {
    expect(await service.api.get('/api/capabilities')).toMatchObject({
      status: 200,
      body: { capabilities: { 'content.generate': ['one', 'two'], 'content.publish': ['one'], 'dm.send': ['other'] } },
    });
  });

  it('route a task to available agents in turn, with the reason and the endpoint', async () => {
    const first = await route({ taskType: 'content.generate' });
    const second = await route({ taskType: 'content.generate' });
    expect([first.body.agentId, second.body.agentId].sort()).toEqual(['one', 'two']);
    expect(first.body).toMatchObject({ taskType: 'content.generate', endpoint: 'http://127.0.0.1:413/' });
    expect(first.body.candidates.map(({ agentId }) => agentId).sort()).toEqual(['one', 'two']);
    await until(async () => (await service.api.eventTypes('one')).includes('task.routed'), 'it stands in the history');
  });

  it('rank an agent whose launch took long like the others', async () => {
    await service.api.register({
      agentId: 'late',
      name: 'late',
      entryPoint: 'sleeper.sh',
      capabilities: ['late.task'],
    });
    const daemon = service.home.daemonPid() ?? 0;
    process.kill(daemon, 'SIGSTOP');
    const spawned = service.api.spawn('late');
    await until(async () => (await service.api.agent('late')).status === 'starting', 'it is being launched');
    const thawAt = performance.now() + 1_500;
    await until(() => performance.now() > thawAt, 'the daemon was frozen for 1.5 s');
    process.kill(daemon, 'SIGCONT');
    await spawned;
    await until(async () => {
      const { status, healthScore } = await service.api.agent('late');
      return status === 'running' && healthScore !== null;
    }, 'it runs and was checked');
    const { body } = await route({ taskType: 'late.task' });
    expect(body.candidates).toEqual([{ agentId: 'late', score: 100, status: 'running' }]);
  });

  it('distinguish a capability that no agent has from one without an available agent', async () => {
    expect(await route({ taskType: 'unknown.capability' })).toMatchObject({
      status: 404,
      body: { code: 'no-capable-agent' },
    });
    const stopped = await route({ taskType: 'dm.send', spawn: false });
    expect(stopped).toMatchObject({ status: 503, body: { code: 'no-available-agent' } });
    expect(stopped.headers.get('retry-after')).toMatch(/^\d+$/);
    const excluded = await route({ taskType: 'content.generate', exclude: ['one', 'two'] });
    expect(excluded).toMatchObject({ status: 503, body: { code: 'no-available-agent' } });
  });

  it('reject an excluded agent, and say so', async () => {
    const { body } = await route({ taskType: 'content.generate', exclude: ['one'] });
    expect(body.agentId).toBe('two');
    expect(body.candidates.find(({ agentId }) => agentId === 'one')?.rejected).toBe('excluded by the caller');
  });

  it('follow a change of the registry at once', async () => {
    await service.api.expect(200, 'PUT', '/api/agents/two/capabilities', { capabilities: ['analytics.report'] });
    expect((await route({ taskType: 'analytics.report' })).body.agentId).toBe('two');
    expect((await route({ taskType: 'content.generate', exclude: ['one'] })).status).toBe(503);
    expect(await service.api.eventTypes('two')).toContain('capability.changed');
  });

  it.each([
    ['GET', '/api/capabilities', undefined, null, 401],
    ['PUT', '/api/agents/one/capabilities', { capabilities: [] }, OPERATOR_TOKEN, 403],
    ['POST', '/api/tasks/route', { taskType: 'dm.send' }, VIEWER_TOKEN, 403],
    ['POST', '/api/tasks/route', { taskType: '' }, OPERATOR_TOKEN, 422],
    ['POST', '/api/tasks/route', { taskType: 'x', more: 1 }, OPERATOR_TOKEN, 422],
    ['POST', '/api/tasks/route', { taskType: 'x', waitSeconds: 61 }, OPERATOR_TOKEN, 422],
    ['POST', '/api/tasks/route', { taskType: 'x', traceparent: '00-0-0-00' }, OPERATOR_TOKEN, 422],
  ] as const)('%s %s %j by %s: %d', async (method, path, body, token, status) => {
    expect((await service.api.withToken(token).request(method, path, body)).status).toBe(status);
  });
});
