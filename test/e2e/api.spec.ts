import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ApiClient, ProblemAnswer } from '../support/api-client';
import { fetchDocument } from '../support/openapi';
import { rawRequest } from '../support/raw-http';
import { AUTHORIZATION, refusal } from '../support/refusals';
import { makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';

describe('the API', () => {
  let service: TestService;
  let admin: ApiClient;
  let operator: ApiClient;
  let viewer: ApiClient;
  let anonymous: ApiClient;

  beforeAll(async () => {
    service = await makeService({ settings: { ALLOWED_HOSTS: 'agents.example' } });
    admin = service.api;
    operator = admin.withToken(OPERATOR_TOKEN);
    viewer = admin.withToken(VIEWER_TOKEN);
    anonymous = admin.withToken(null);
    await admin.register({
      agentId: 'known',
      name: 'Known',
      entryPoint: 'sleeper.py',
      capabilities: ['content.generate'],
    });
    await admin.register({ agentId: 'outside', name: 'Outside', entryPoint: null, capabilities: ['dm.send'] });
  });

  afterAll(async () => {
    await service.destroy();
  });

  const refused = async (answer: Promise<{ status: number; body: unknown; headers: Headers }>) => {
    const { status, body, headers } = await answer;
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = body as ProblemAnswer;
    expect(problem).toMatchObject({ status, type: `urn:agent-spawner:problem:${problem.code}` });
    expect(problem.detail).toMatch(/\.$/);
    return [status, problem.code, ...(problem.errors ?? []).map(({ pointer }) => pointer)];
  };

  describe('roles', () => {
    const routes: readonly (readonly [string, string, 'viewer' | 'operator' | 'admin', unknown])[] = [
      ['GET', '/api/agents', 'viewer', undefined],
      ['GET', '/api/agents/known', 'viewer', undefined],
      ['GET', '/api/agents/known/restarts', 'viewer', undefined],
      ['GET', '/api/events', 'viewer', undefined],
      ['POST', '/api/agents/known/heartbeat', 'operator', undefined],
      ['POST', '/api/agents/known/spawn', 'operator', undefined],
      ['POST', '/api/agents/known/restart', 'operator', undefined],
      ['POST', '/api/agents/known/terminate', 'operator', undefined],
      ['POST', '/api/agents/known/circuit-reset', 'operator', undefined],
      ['POST', '/api/agents/spawn', 'operator', { tags: ['none'] }],
      ['POST', '/api/agents/terminate', 'operator', { tags: ['none'] }],
      ['PATCH', '/api/agents/known', 'admin', { name: 'Known' }],
      ['POST', '/api/agents', 'admin', { agentId: 'made', name: 'Made', entryPoint: null }],
      ['DELETE', '/api/agents/made', 'admin', undefined],
    ];

    it.each(routes)('%s %s requires %s', async (method, route, need, body) => {
      const ranks = { viewer: 1, operator: 2, admin: 3 };
      const callers = { viewer, operator, admin };
      expect(await refused(anonymous.request(method, route, body))).toEqual([401, 'unauthenticated']);
      expect(await refused(admin.withToken('wrong').request(method, route, body))).toEqual([401, 'unauthenticated']);
      for (const role of ['viewer', 'operator', 'admin'] as const) {
        const answer = callers[role].request(method, route, body);
        if (ranks[role] < ranks[need]) expect(await refused(answer)).toEqual([403, 'forbidden']);
        else expect((await answer).status).toBeLessThan(300);
      }
    });

    it('are explained to a caller without a token', async () => {
      const { headers } = await anonymous.get('/api/agents');
      expect(headers.get('www-authenticate')).toBe('Bearer');
    });
  });

  describe('errors', () => {
    const definition = { agentId: 'new', name: 'New', entryPoint: 'sleeper.py' };

    it.each<readonly [string, unknown, readonly string[]]>([
      ['nothing', undefined, ['/agentId', '/name', '/entryPoint']],
      ['a list', [], ['']],
      ['a number', 7, ['']],
      ['an unknown member', { ...definition, colour: 'red' }, ['/colour']],
      ['a wrong type', { ...definition, tags: 'core' }, ['/tags']],
      ['a bad id', { ...definition, agentId: '../etc' }, ['/agentId']],
      ['a reserved env name', { ...definition, env: { AGENT_ID: 'x' } }, ['/env/AGENT_ID']],
      ['LD_PRELOAD in env', { ...definition, env: { LD_PRELOAD: '/x.so' } }, ['/env/LD_PRELOAD']],
      ['a setting of the supervisor in envFrom', { ...definition, envFrom: ['API_TOKENS'] }, ['/envFrom/0']],
      ['a path out of AGENTS_DIR', { ...definition, entryPoint: '../../outside.py' }, ['/entryPoint']],
      ['an absolute path', { ...definition, entryPoint: '/bin/sh' }, ['/entryPoint']],
      ['a cwd out of AGENTS_DIR', { ...definition, cwd: '..' }, ['/cwd']],
      ['an interpreter that is not listed', { ...definition, interpreter: 'perl' }, ['/interpreter']],
      ['an invalid URL', { ...definition, healthUrl: 'javascript:alert(1)' }, ['/healthUrl']],
      ['an unknown policy', { ...definition, policy: { restarts: 'always' } }, ['/policy/restarts']],
    ])('refuse a registration with %s, which changes nothing', async (_, body, pointers) => {
      expect(await refused(admin.post('/api/agents', body))).toEqual([422, 'invalid-request', ...pointers]);
      expect((await admin.get('/api/agents/new')).status).toBe(404);
    });

    it('refuse a link out of AGENTS_DIR', async () => {
      const outside = mkdtempSync(path.join(tmpdir(), 'agent-spawner-outside-'));
      symlinkSync(outside, path.join(service.home.agentsDir, 'link'));
      try {
        const body = { ...definition, entryPoint: 'link/agent.py' };
        expect(await refused(admin.post('/api/agents', body))).toEqual([422, 'invalid-request', '/entryPoint']);
      } finally {
        rmSync(outside, { recursive: true });
      }
    });

    it.each<readonly [string, string, string, number, string]>([
      ['GET', '/api/agents/unknown', '', 404, 'agent-not-found'],
      ['GET', '/api/agents/NOT-AN-ID', '', 404, 'agent-not-found'],
      ['POST', '/api/agents/unknown/spawn', '', 404, 'agent-not-found'],
      ['POST', '/api/agents/unknown/heartbeat', '', 404, 'agent-not-found'],
      ['GET', '/api/agents/unknown/restarts', '', 404, 'agent-not-found'],
      ['POST', '/api/agents/outside/spawn', '', 409, 'external-agent'],
      ['POST', '/api/agents/outside/restart', '', 409, 'external-agent'],
      ['POST', '/api/agents/outside/terminate', '', 409, 'external-agent'],
      ['POST', '/api/agents', '{"agentId":"known","name":"x","entryPoint":null}', 409, 'agent-exists'],
      ['POST', '/api/agents', '{"agentId":', 400, 'invalid-request'],
      ['PATCH', '/api/agents/known', '{"env":{"NEW":"***"}}', 422, 'invalid-request'],
      ['PATCH', '/api/agents/known', '{"agentId":"other"}', 422, 'invalid-request'],
      ['PATCH', '/api/agents/known', '{"entryPoint":null}', 422, 'invalid-request'],
      ['GET', '/api/events?limit=0', '', 422, 'invalid-request'],
      ['GET', '/api/events?limit=1001', '', 422, 'invalid-request'],
      ['GET', '/api/events?type=nonsense', '', 422, 'invalid-request'],
      ['GET', '/api/agents?state=running', '', 422, 'invalid-request'],
      ['GET', '/api/nothing', '', 404, 'not-found'],
      ['GET', '/api/agents/%E0%A4%A', '', 400, 'invalid-request'],
    ])('%s %s %s is answered with %i %s', async (method, route, body, status, code) => {
      const answer = await refusal(service, method, route, body === '' ? undefined : body);
      expect(answer.slice(0, 2)).toEqual([status, code]);
    });

    it('refuse a body that is too large, of another type or too deep', async () => {
      const large = `{"name":"${'x'.repeat(1_100_000)}"}`;
      expect(await refusal(service, 'POST', '/api/agents', large)).toEqual([413, 'payload-too-large']);
      const deep = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
      expect((await refusal(service, 'POST', '/api/agents', deep)).slice(0, 2)).toEqual([422, 'invalid-request']);
      const form = ['Content-Type: application/x-www-form-urlencoded', AUTHORIZATION];
      const answer = await refusal(service, 'POST', '/api/agents', 'name=x', form);
      expect(answer.slice(0, 2)).toEqual([422, 'invalid-request']);
    });

    it('refuse a host that is not allowed, and accept one that is', async () => {
      const headers = ['Host: evil.example', AUTHORIZATION];
      expect(await refusal(service, 'GET', '/api/agents', undefined, headers)).toEqual([403, 'forbidden']);
      const accepted = await rawRequest(service.url, { target: '/health/live', headers: ['Host: agents.example'] });
      expect(accepted?.status).toBe(200);
    });
  });

  it('lists by tag, capability and status', async () => {
    const ids = async (query: string) =>
      (await viewer.expect<{ agents: { agentId: string }[] }>(200, 'GET', `/api/agents?${query}`)).agents.map(
        ({ agentId }) => agentId,
      );
    expect(await ids('capability=content.generate')).toEqual(['known']);
    expect(await ids('status=unknown')).toEqual(['outside']);
    expect(await ids('tag=none')).toEqual([]);
  });

  it('returns the URL of a new agent', async () => {
    const definition = { agentId: 'found', name: 'F', entryPoint: 'x.py' };
    const { status, headers, body } = await admin.post('/api/agents', definition);
    expect([status, headers.get('location')]).toEqual([201, '/api/agents/found']);
    expect(body).toMatchObject({
      ...{ desiredState: 'stopped', status: 'stopped', pid: null, restarts: 0, healthScore: null },
    });
    expect((await admin.request('DELETE', '/api/agents/found')).status).toBe(204);
  });

  it('accepts one of ten concurrent registrations of the same id', async () => {
    const body = { agentId: 'race', name: 'Race', entryPoint: null };
    const answers = await Promise.all(Array.from({ length: 10 }, () => admin.post('/api/agents', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    await admin.request('DELETE', '/api/agents/race');
  });

  it('reports to every caller that it is live and ready', async () => {
    expect(await anonymous.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await anonymous.get('/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { database: { status: 'up' }, pm2: { status: 'up' } } },
    });
  });

  it('documents every route with its errors and its authentication', async () => {
    const document = await fetchDocument(anonymous);
    expect(document.components.securitySchemes).toMatchObject({ token: { type: 'http', scheme: 'bearer' } });
    for (const [route, operations] of Object.entries(document.paths)) {
      for (const operation of Object.values(operations)) {
        if (route.startsWith('/health')) expect(operation.security).toEqual([]);
        else expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '429']));
      }
    }
    const page = await fetch(`${service.url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});
