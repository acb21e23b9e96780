import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** What a process of an agent is given, and what its token is worth. */
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

  async function spawned(entryPoint: string, more: Readonly<Record<string, unknown>> = {}) {
    const agentId = `agent-${++number}`;
    await service.api.register({ agentId, name: agentId, entryPoint, ...more });
    return service.api.spawn(agentId);
  }

  it.each(['environ.py', 'environ.js'])('%s is given its own environment, and nothing else', async (script) => {
    const target = file(script);
    const view = await spawned(script, {
      ...{ name: 'A name', args: [target], capabilities: ['a.b', 'c.d'] },
      ...{ env: { OWN: 'value', EMPTY: '' }, envFrom: ['PASSED_ON_BY_NAME', 'NOT_THERE'] },
    });
    const environment = await until(
      () => JSON.parse(readFileSync(target, 'utf8')) as Record<string, string>,
      'it has written its environment',
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

  it('is told how often and why it was restarted', async () => {
    const target = file('restarted');
    const { agentId } = await spawned('environ.js', { args: [target] });
    await service.api.restart(agentId, { reason: 'because I say so' });
    await until(() => readFileSync(target, 'utf8').includes('because I say so'), 'it was told');
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({
      AGENT_RESTART_COUNT: '1',
      AGENT_RESTART_REASON: 'because I say so',
    });
  });

  it('a Python script is run by the nearest virtual environment', async () => {
    const folder = path.join(service.home.agentsDir, 'project', 'deep');
    mkdirSync(path.join(service.home.agentsDir, 'project', '.venv', 'bin'), { recursive: true });
    mkdirSync(folder, { recursive: true });
    const python = path.join(service.home.agentsDir, 'project', '.venv', 'bin', 'python');
    writeFileSync(python, `#!/bin/sh\necho "$0" > ${file('venv')}\nexec python3 "$@"\n`, { mode: 0o755 });
    symlinkSync(path.join(service.home.agentsDir, 'sleeper.py'), path.join(folder, 'agent.py'));
    await spawned('project/deep/agent.py');
    expect(await until(() => readFileSync(file('venv'), 'utf8').trim() || null, 'it was run')).toBe(python);
  });

  it('speaks for itself by its token while it lives, and for nobody else', async () => {
    const said = {
      status: 'ok',
      task: 'count',
      endpoint: 'http://127.0.0.1:4999',
      healthUrl: 'http://127.0.0.1:4999/health',
    };
    const { agentId, pid } = await spawned('beats.py', { args: [JSON.stringify(said), file('beat')] });
    expect(await until(() => readFileSync(file('beat'), 'utf8') || null, 'it was answered')).toBe('204');
    const view = await service.api.agent(agentId);
    expect(view.announced).toEqual({ endpoint: said.endpoint, healthUrl: said.healthUrl });

    const token = readFileSync(`/proc/${pid ?? 0}/environ`, 'utf8')
      .split('\0')
      .find((each) => each.startsWith('AGENT_TOKEN='));
    const agent = service.api.withToken(token?.slice('AGENT_TOKEN='.length) ?? null);
    const other = await spawned('sleeper.sh');
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

  it('is told the last task of the run before it, and what that one announced is gone', async () => {
    const target = file('last-task');
    const { agentId } = await spawned('environ.js', { args: [target] });
    await service.api.expect(204, 'POST', `/api/agents/${agentId}/heartbeat`, {
      ...{ task: 'write a poem', endpoint: 'http://127.0.0.1:4998' },
    });
    expect((await service.api.agent(agentId)).announced).toEqual({
      endpoint: 'http://127.0.0.1:4998',
      healthUrl: null,
    });
    const { announced } = await service.api.restart(agentId);
    expect(announced).toBeNull();
    await until(() => readFileSync(target, 'utf8').includes('write a poem'), 'it was told');
    expect(JSON.parse(readFileSync(target, 'utf8'))).toMatchObject({ AGENT_LAST_TASK: 'write a poem' });
  });

  it('may not announce what is not of this machine, nor our own port', async () => {
    const { agentId } = await spawned('sleeper.sh');
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
