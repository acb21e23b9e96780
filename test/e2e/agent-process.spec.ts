import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Checks the environment of an agent's process, and what its token permits. */
describe('the process of an agent', () => {
  let service: TestService;
  let number = 0;

  beforeAll(async () => {
    service = await makeService({
      settings: {
        SUPABASE_SERVICE_ROLE_KEY: 'secret-of-supabase',
        TELEGRAM_BOT_TOKEN: '1:secret-of-telegram',
        PASSED_ON_BY_NAME: 'wanted',
        NOT_PASSED_ON: 'secret-of-the-shell',
        LANG: 'C.UTF-8',
      },
    });
  });

  afterAll(async () => {
    await service.destroy();
  });

  const file = (name: string) => path.join(service.home.root, name);

  async function spawnAgent(entryPoint: string, more: Readonly<Record<string, unknown>> = {}) {
    const agentId = `agent-${++number}`;
    await service.api.register({ agentId, name: agentId, entryPoint, ...more });
    return service.api.spawn(agentId);
  }

  it.each(['environ.py', 'environ.js'])('gets its own environment and no other variable: %s', async (script) => {
    const target = file(script);
    const view = await spawnAgent(script, {
      ...{ name: 'A name', args: [target], capabilities: ['a.b', 'c.d'] },
      ...{ env: { OWN: 'value', EMPTY: '' }, envFrom: ['PASSED_ON_BY_NAME', 'NOT_THERE'] },
    });
    const environment = await until(
      () => JSON.parse(readFileSync(target, 'utf8')) as Record<string, string>,
      'the agent has written its environment',
    );
    const { AGENT_TOKEN, AGENT_RUN_ID, ...rest } = environment;
    expect(AGENT_TOKEN).toContain(AGENT_RUN_ID);
    const own = Object.entries(rest).filter(([name]) => /^[A-Z]/.test(name) && !name.startsWith('NODE_CHANNEL'));
    expect(Object.fromEntries(own.filter(([name]) => !['PWD', 'LC_CTYPE'].includes(name)))).toEqual({
      ...{ AGENT_ID: view.agentId, AGENT_NAME: 'A name', AGENT_CAPABILITIES: 'a.b,c.d', AGENT_HEALTH_URL: '' },
      ...{ AGENT_SPAWNER_URL: service.url, AGENT_RESTART_COUNT: '0', AGENT_RESTART_REASON: '' },
      ...{ OWN: 'value', EMPTY: '', PASSED_ON_BY_NAME: 'wanted' },
      ...{ PATH: environment.PATH, HOME: service.home.root, LANG: 'C.UTF-8' },
    });
    expect(JSON.stringify(environment)).not.toContain('secret-of');
  });

  it('gets the number of its restarts and the reason of the last one', async () => {
    const target = file('restarted');
    const { agentId } = await spawnAgent('environ.js', { args: [target] });
    await service.api.restart(agentId, { reason: 'tested by hand' });
    await until(
      () => readFileSync(target, 'utf8').includes('tested by hand'),
      'the next run has written its environment',
    );
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({
      AGENT_RESTART_COUNT: '1',
      AGENT_RESTART_REASON: 'tested by hand',
    });
  });

  it('runs a Python script with the nearest virtual environment', async () => {
    const folder = path.join(service.home.agentsDir, 'project', 'deep');
    mkdirSync(path.join(service.home.agentsDir, 'project', '.venv', 'bin'), { recursive: true });
    mkdirSync(folder, { recursive: true });
    const python = path.join(service.home.agentsDir, 'project', '.venv', 'bin', 'python');
    writeFileSync(python, `#!/bin/sh\necho "$0" > ${file('venv')}\nexec python3 "$@"\n`, { mode: 0o755 });
    symlinkSync(path.join(service.home.agentsDir, 'sleeper.py'), path.join(folder, 'agent.py'));
    await spawnAgent('project/deep/agent.py');
    expect(await until(() => readFileSync(file('venv'), 'utf8').trim() || null, 'the agent was started')).toBe(python);
  });

  it('authenticates with its token for itself only, and only while it is alive', async () => {
    const heartbeat = {
      status: 'ok',
      task: 'count',
      endpoint: 'http://127.0.0.1:4999',
      healthUrl: 'http://127.0.0.1:4999/health',
    };
    const { agentId, pid } = await spawnAgent('beats.py', { args: [JSON.stringify(heartbeat), file('beat')] });
    expect(await until(() => readFileSync(file('beat'), 'utf8') || null, 'its heartbeat was answered')).toBe('204');
    const view = await service.api.agent(agentId);
    expect(view.announced).toEqual({ endpoint: heartbeat.endpoint, healthUrl: heartbeat.healthUrl });

    const token = readFileSync(`/proc/${pid ?? 0}/environ`, 'utf8')
      .split('\0')
      .find((each) => each.startsWith('AGENT_TOKEN='));
    const agent = service.api.withToken(token?.slice('AGENT_TOKEN='.length) ?? null);
    const other = await spawnAgent('sleeper.sh');
    expect((await agent.post(`/api/agents/${agentId}/heartbeat`, {})).status).toBe(204);
    expect((await agent.post(`/api/agents/${other.agentId}/heartbeat`, {})).status).toBe(403);
    expect((await agent.get('/api/agents')).status).toBe(403);
    await service.api.expect(200, 'PATCH', `/api/agents/${agentId}`, { apiRole: 'viewer' });
    expect((await agent.get('/api/agents')).status).toBe(200);
    expect((await agent.post(`/api/agents/${agentId}/terminate`)).status).toBe(403);

    await service.api.restart(agentId);
    const late = await agent.post(`/api/agents/${agentId}/heartbeat`, {});
    expect(late).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(late.headers.get('www-authenticate')).toBe('Bearer');
    expect((await agent.get('/api/agents')).status).toBe(401);
  });

  it('gets the last task of the previous run, whose announced addresses are withdrawn', async () => {
    const target = file('last-task');
    const { agentId } = await spawnAgent('environ.js', { args: [target] });
    await service.api.expect(204, 'POST', `/api/agents/${agentId}/heartbeat`, {
      ...{ task: 'write a poem', endpoint: 'http://127.0.0.1:4998' },
    });
    expect((await service.api.agent(agentId)).announced).toEqual({
      endpoint: 'http://127.0.0.1:4998',
      healthUrl: null,
    });
    const { announced } = await service.api.restart(agentId);
    expect(announced).toBeNull();
    await until(
      () => readFileSync(target, 'utf8').includes('write a poem'),
      'the next run has written its environment',
    );
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({ AGENT_LAST_TASK: 'write a poem' });
  });

  it("may announce neither an address of another host nor the supervisor's own port", async () => {
    const { agentId } = await spawnAgent('sleeper.sh');
    for (const endpoint of ['http://example.com', 'https://127.0.0.1:1', 'http://10.0.0.1', service.url, 'nonsense']) {
      const answer = await service.api.post(`/api/agents/${agentId}/heartbeat`, { endpoint });
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'invalid-request', errors: [{ pointer: '/endpoint' }] },
      });
    }
    expect((await service.api.agent(agentId)).announced).toBeNull();
  });
});
