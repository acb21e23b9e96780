import { Agent, get, type ClientRequest, type IncomingMessage } from 'node:http';
import { HttpAdapterHost } from '@nestjs/core';
import { AgentViews, AgentWaits } from '../../src/healing';
import type { AgentView } from '../../src/kernel';
import { makeApp, type TestApp } from '../support/app';
import { ApiClient, type ProblemAnswer } from '../support/api-client';
import { fetchDocument } from '../support/openapi';
import { until } from '../support/until';

const TOKEN = 'admin-token-of-the-waits';
const VIEWER = 'viewer-token-of-the-waits';
const CALLERS = 1_000;

interface WaitAnswer extends ProblemAnswer {
  readonly agent: AgentView;
}

/** Waits over real HTTP for real agents of the whole service. */
describe('GET /api/agents/:id/wait', () => {
  let app: TestApp;
  let api: ApiClient;
  const sockets = new Agent({ maxSockets: Infinity });

  beforeAll(async () => {
    app = await makeApp({ API_TOKENS: `admin:${TOKEN},viewer:${VIEWER}` });
    api = new ApiClient(app.url, TOKEN);
    for (const agentId of ['watched', 'idle', 'leaving', 'many'])
      await api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh', env: { KEY: 'the-value-of-the-key' } });
    await api.register({ agentId: 'outside', name: 'Outside', entryPoint: null });
  });

  afterAll(async () => {
    sockets.destroy();
    await app.destroy();
  });

  const wait = <T = AgentView>(agentId: string, query: string) =>
    api.withToken(VIEWER).get<T>(`/api/agents/${agentId}/wait?${query}`);
  const reached = async (agentId: string, condition: string) => {
    const { status, body } = await wait(agentId, `for=${condition}&timeoutSeconds=60`);
    return { status, body, at: performance.now() };
  };
  const waiting = () => app.get(AgentWaits).size;

  /** Opens a wait on its own connection. */
  function open(agentId: string, query: string): { request: ClientRequest; status: Promise<number | string> } {
    const headers = { authorization: `Bearer ${VIEWER}` };
    const request = get(`${app.url}/api/agents/${agentId}/wait?${query}`, { agent: sockets, headers });
    const status = new Promise<number | string>((resolve) => {
      request.on('response', (response: IncomingMessage) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', () => {
        resolve('closed');
      });
    });
    return { request, status };
  }

  it('answers when the agent is up, verified, healthy, recovered from a kill, and stopped', async () => {
    expect(await wait('watched', 'for=stopped&timeoutSeconds=0')).toMatchObject({ status: 200, body: { pid: null } });
    const begun = ['running', 'verified', 'healthy', 'recovered'].map((condition) => reached('watched', condition));
    await until(() => waiting() === begun.length, 'all callers wait');
    const { pid } = await api.spawn('watched');
    const [running, verified, ...others] = await Promise.all(begun);
    for (const each of [running, verified, ...others]) expect(each).toMatchObject({ status: 200, body: { pid } });
    expect(verified?.at).toBeGreaterThan(running?.at ?? Infinity);
    expect(verified?.body.status).toBe('running');

    process.kill(pid ?? 0, 'SIGKILL');
    await until(async () => (await api.agent('watched')).lastFailure !== null, 'the exit is seen');
    const [again, recovered] = await Promise.all([reached('watched', 'verified'), reached('watched', 'recovered')]);
    expect(again.body.pid).not.toBe(pid);
    expect(recovered.body).toMatchObject({ pid: again.body.pid, status: 'running' });
    // Verified is not yet stable: the incident ends STABLE_SECONDS later.
    expect(recovered.at).toBeGreaterThan(again.at);
    expect(await api.expect(200, 'GET', '/api/agents/watched/diagnosis')).toMatchObject({ open: false });

    const stopped = reached('watched', 'stopped');
    await until(() => waiting() === 1, 'a caller waits for the stop');
    await api.terminate('watched');
    expect((await stopped).body).toMatchObject({ pid: null, desiredState: 'stopped' });
  });

  it('answers 408 at its timeout, with the present agent; values of env stay hidden', async () => {
    for (const timeoutSeconds of ['0', '0.3']) {
      const { status, headers, body } = await wait<WaitAnswer>('idle', `for=running&timeoutSeconds=${timeoutSeconds}`);
      expect([status, body.code]).toEqual([408, 'wait-timeout']);
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(body.agent).toEqual(JSON.parse(JSON.stringify(await api.agent('idle'))));
      expect([body.agent.env, body.agent.status]).toEqual([{ KEY: '***' }, 'stopped']);
    }
  });

  it('documents the 408 with its member', async () => {
    const { paths, components } = await fetchDocument(api);
    const answer = paths['/api/agents/{id}/wait']?.get?.responses['408'];
    const ref = /"\$ref":"#\/components\/schemas\/(\w+)"/.exec(JSON.stringify(answer))?.[1] ?? '';
    expect(Object.keys(components.schemas[ref]?.properties ?? {})).toEqual(expect.arrayContaining(['code', 'agent']));
  });

  it('waits for healthy, at most 30 s, if nothing else is asked', async () => {
    const { request, status } = open('idle', '');
    await until(() => waiting() === 1, 'it waits');
    request.destroy();
    expect(await status).toBe('closed');
  });

  it.each<[string, string, number, string, string[]]>([
    ['idle', 'for=dead', 422, 'invalid-request', ['/for']],
    ['idle', 'timeoutSeconds=601', 422, 'invalid-request', ['/timeoutSeconds']],
    ['idle', 'timeoutSeconds=-1', 422, 'invalid-request', ['/timeoutSeconds']],
    ['idle', 'timeoutSeconds=soon', 422, 'invalid-request', ['/timeoutSeconds']],
    ['no-agent-has-this-id', 'for=running', 404, 'agent-not-found', []],
    ['outside', 'for=stopped', 409, 'external-agent', []],
    ['outside', 'for=healthy&timeoutSeconds=0', 408, 'wait-timeout', []],
  ])('of %s refuses ?%s with %i %s', async (agentId, query, status, code, pointers) => {
    const answer = await wait<ProblemAnswer>(agentId, query);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((answer.body.errors ?? []).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('answers 404 if the agent is unregistered meanwhile', async () => {
    const { status } = open('leaving', 'for=running&timeoutSeconds=60');
    await until(() => waiting() === 1, 'it waits');
    await api.expect(204, 'DELETE', '/api/agents/leaving');
    expect(await status).toBe(404);
  });

  it('does not count a suspend, and sees what follows it', async () => {
    const late = open('idle', 'for=running&timeoutSeconds=4');
    await until(() => waiting() === 1, 'it waits');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    await api.spawn('idle');
    expect(await late.status).toBe(200);
  });

  it(`holds ${CALLERS} callers with no timer each, drops them with their connections, and answers all at once`, async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const first = Array.from({ length: CALLERS }, () => open('many', 'for=verified&timeoutSeconds=600'));
    await until(
      () => waiting() === CALLERS,
      () => `all wait; ${waiting()} do`,
      60_000,
    );
    expect(timers() - before).toBeLessThan(CALLERS / 10);
    // This limit would close a connection without traffic. The others are about receiving a request.
    const server: unknown = app.get<HttpAdapterHost>(HttpAdapterHost).httpAdapter.getHttpServer();
    expect(server).toMatchObject({ timeout: 0 });
    for (const { request } of first) request.destroy();
    await until(
      () => waiting() === 0,
      () => `no caller waits; ${waiting()} do`,
    );
    expect(new Set(await Promise.all(first.map(({ status }) => status)))).toEqual(new Set(['closed']));

    const second = Array.from({ length: CALLERS }, () => open('many', 'for=verified&timeoutSeconds=600'));
    await until(
      () => waiting() === CALLERS,
      () => `all wait again; ${waiting()} do`,
      60_000,
    );
    const views = jest.spyOn(app.get(AgentViews), 'view');
    await api.spawn('many');
    expect(new Set(await Promise.all(second.map(({ status }) => status)))).toEqual(new Set([200]));
    expect(views.mock.calls.length).toBeLessThan(CALLERS / 10);
    expect(waiting()).toBe(0);
  });

  it('refuses its callers at shutdown', async () => {
    const { status } = open('outside', 'for=healthy&timeoutSeconds=600');
    await until(() => waiting() === 1, 'it waits');
    app.get(AgentWaits).end();
    expect(await status).toBe(409);
  });
});
