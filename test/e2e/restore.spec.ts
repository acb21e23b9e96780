import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

describe('a backup restored while PM2 and the agents keep running', () => {
  const AGENTS = ['going-on', 'unregistered-since', 'started-since', 'stopped'];
  let service: TestService;
  let file: string;
  const pids = new Map<string, number | null>();

  beforeAll(async () => {
    service = await makeService();
    const { api } = service;
    for (const agentId of AGENTS) await api.register({ agentId, name: agentId, entryPoint: 'sleeper.py' });
    for (const agentId of AGENTS) await api.spawn(agentId);
    for (const agentId of ['started-since', 'stopped']) await api.terminate(agentId);
    const made = await service.run('cli/backup.js');
    file = made.output.split('\n', 1)[0] ?? '';

    await api.expect(204, 'DELETE', '/api/agents/unregistered-since');
    await api.spawn('started-since');
    for (const agentId of ['going-on', 'started-since']) pids.set(agentId, (await api.agent(agentId)).pid);
    await service.end('SIGTERM');
    expect(await service.run('cli/restore-backup.js', file)).toMatchObject({ code: 0 });
    await service.start();
  });

  afterAll(() => service.destroy());

  const living = (agentId: string) => livingAgents(service.home).get(agentId) ?? [];

  it('adopts live agents without a restart', async () => {
    for (const agentId of ['going-on', 'started-since']) {
      const now = await until(async () => {
        const agent = await service.api.agent(agentId);
        return agent.status === 'running' ? agent : null;
      }, `${agentId} is adopted`);
      expect(now).toMatchObject({ pid: pids.get(agentId), desiredState: 'running' });
      expect(living(agentId)).toEqual([pids.get(agentId)]);
    }
    const types = await service.api.eventTypes('going-on');
    expect(types).toContain('agent.adopted');
    expect(types).not.toContain('operator.restarted');
  });

  it('restarts an agent that was unregistered since, instead of taking its missing entry for a deletion', async () => {
    await until(async () => (await service.api.agent('unregistered-since')).status === 'running', 'it runs');
    expect(living('unregistered-since')).toHaveLength(1);
    expect(await service.api.eventTypes('unregistered-since')).not.toContain('operator.stopped');
  });

  it('keeps a stopped agent stopped', async () => {
    expect(await service.api.agent('stopped')).toMatchObject({ desiredState: 'stopped', pid: null });
    expect(living('stopped')).toEqual([]);
  });

  it('detects a deletion by the operator again after the next start', async () => {
    await service.end('SIGTERM');
    service.home.pm2('delete', 'unregistered-since');
    await service.start();
    await until(
      async () => (await service.api.agent('unregistered-since')).desiredState === 'stopped',
      'the deletion is detected',
    );
  });
});
