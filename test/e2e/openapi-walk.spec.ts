import type { ApiClient, ProblemAnswer } from '../support/api-client';
import { tokenOf } from '../support/agent-token';
import { addressOf, fetchDocument, METHODS, operationsOf, type OpenApi, type Operation } from '../support/openapi';
import { rawRequest } from '../support/raw-http';
import { refusalOf } from '../support/refusals';
import { NEEDS, expectedAnswer, type Caller } from '../support/required-roles';
import { ADMIN_TOKEN, makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';
import { settledState, stateOf } from '../support/state-of';

/** Answer to a method that a route does not have. The protocol of planners demands its own. */
const OTHER_METHODS: Readonly<Record<string, number>> = { '/mcp': 405 };

/** Bodies with which an admitted call does nothing. All other calls name an agent that does not exist. */
const HARMLESS: Readonly<Record<string, unknown>> = {
  'POST /api/agents/spawn': { tags: ['carried-by-none'] },
  'POST /api/agents/terminate': { tags: ['carried-by-none'] },
  'POST /mcp': { jsonrpc: '2.0', id: 1, method: 'ping' },
};

describe('every documented route', () => {
  let service: TestService;
  let admin: ApiClient;
  let document: OpenApi;
  const callers = new Map<string, Caller>();

  beforeAll(async () => {
    service = await makeService();
    admin = service.api;
    document = await fetchDocument(admin);
    const started = async (agentId: string, apiRole: string | null) => {
      await admin.register({ agentId, name: agentId, entryPoint: 'sleeper.sh', apiRole });
      return tokenOf((await admin.spawn(agentId)).pid);
    };
    const ended = await started('walked', null);
    const { pid } = await admin.restart('walked');
    callers.set('anonymous', { token: null, role: null });
    callers.set('a wrong token', { token: 'wrong-token-of-the-tests', role: null });
    callers.set('an empty token', { token: '', role: null });
    callers.set('an agent whose run has ended', { token: ended, role: null });
    callers.set('an agent with a forged token', { token: `${await tokenOf(pid)}x`, role: null });
    callers.set('the agent itself', { token: await tokenOf(pid), role: 'none', agentId: 'walked' });
    callers.set('another agent', { token: await started('plain', null), role: 'none', agentId: 'plain' });
    callers.set('an agent that may view', {
      token: await started('views', 'viewer'),
      role: 'viewer',
      agentId: 'views',
    });
    callers.set('an agent that may operate', {
      ...{ token: await started('operates', 'operator'), role: 'operator', agentId: 'operates' },
    });
    callers.set('a viewer', { token: VIEWER_TOKEN, role: 'viewer' });
    callers.set('an operator', { token: OPERATOR_TOKEN, role: 'operator' });
    callers.set('an admin', { token: ADMIN_TOKEN, role: 'admin' });
    await settledState(admin);
  });

  afterAll(async () => {
    await service.destroy();
  });

  const keyOf = ({ method, route }: Operation) => `${method} ${route}`;

  /** Reads only the head of an endless stream. */
  async function call(caller: Caller, method: string, address: string, body: unknown) {
    const stop = new AbortController();
    const response = await fetch(`${service.url}${address}`, {
      method,
      headers: {
        accept: 'application/json, text/event-stream',
        ...(caller.token === null ? {} : { authorization: `Bearer ${caller.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: stop.signal,
    });
    const type = response.headers.get('content-type') ?? '';
    const text = type.startsWith('text/event-stream') ? '' : await response.text();
    stop.abort();
    return { status: response.status, type, headers: response.headers, text };
  }

  function expectProblem(answer: Awaited<ReturnType<typeof call>>, address: string): ProblemAnswer {
    expect(answer.type).toMatch(/^application\/problem\+json/);
    const problem = JSON.parse(answer.text) as ProblemAnswer;
    expect(problem).toEqual({
      ...{ type: `urn:agent-spawner:problem:${problem.code}`, title: expect.any(String) as string },
      ...{ status: answer.status, detail: expect.stringMatching(/\.$/) as string },
      ...{ instance: address, code: expect.stringMatching(/^[a-z-]+$/) as string },
      ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    });
    return problem;
  }

  it('is in the table of required roles', () => {
    const documented = operationsOf(document).map(keyOf);
    expect(documented.filter((key) => !(key in NEEDS))).toEqual([]);
    expect(documented.length).toBeGreaterThanOrEqual(15);
  });

  it('documents whether it requires a token', () => {
    for (const operation of operationsOf(document)) {
      expect([keyOf(operation), operation.security?.length === 0]).toEqual([
        keyOf(operation),
        NEEDS[keyOf(operation)] === 'nothing',
      ]);
    }
  });

  it('refuses every caller without the required role, explains why, and changes nothing', async () => {
    const before = await stateOf(admin);
    let refused = 0;
    for (const operation of operationsOf(document)) {
      const key = keyOf(operation);
      const address = addressOf(operation.route, 'walked');
      for (const [who, caller] of callers) {
        const expected = expectedAnswer(key, caller, 'walked');
        if (expected === 'admitted') continue;
        const answer = await call(caller, operation.method, address, HARMLESS[key]);
        expect([who, key, answer.status]).toEqual([who, key, expected]);
        const { code } = expectProblem(answer, address);
        expect(code).toBe(expected === 401 ? 'unauthenticated' : 'forbidden');
        expect(answer.headers.get('www-authenticate')).toBe(expected === 401 ? 'Bearer' : null);
        expect(Object.keys(operation.responses)).toContain(String(expected));
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(60);
    expect(await stateOf(admin)).toEqual(before);
  });

  it('admits every caller with the required role, and answers as documented', async () => {
    const before = await stateOf(admin);
    for (const operation of operationsOf(document)) {
      const key = keyOf(operation);
      for (const [who, caller] of callers) {
        // An agent without a role may send only its own heartbeat, which changes nothing here.
        const isOwn = NEEDS[key] === 'own-agent' && caller.agentId === 'walked';
        const agentId = isOwn ? 'walked' : 'no-agent-has-this-id';
        if (expectedAnswer(key, caller, agentId) !== 'admitted') continue;
        const address = addressOf(operation.route, agentId);
        const answer = await call(caller, operation.method, address, HARMLESS[key]);
        expect([who, key, answer.status, [401, 403, 429].includes(answer.status) || answer.status >= 500]).toEqual([
          ...[who, key, answer.status, false],
        ]);
        expect([key, ...Object.keys(operation.responses)]).toContain(String(answer.status));
        if (answer.status >= 400) expectProblem(answer, address);
      }
    }
    expect(await stateOf(admin)).toEqual(before);
  });

  it('refuses an unreadable request, and documents that', async () => {
    const before = await stateOf(admin);
    const headers = [`Authorization: Bearer ${ADMIN_TOKEN}`, 'Content-Type: application/json'];
    for (const operation of operationsOf(document)) {
      const { method, route } = operation;
      const requests: [number, string, string | undefined][] = [];
      if (route.includes('{')) requests.push([400, addressOf(route, '%ff'), undefined]);
      if (operation.requestBody !== undefined) {
        requests.push(
          [400, addressOf(route, 'walked'), '{"'],
          [413, addressOf(route, 'walked'), ' '.repeat(1_048_577)],
        );
      }
      for (const [status, target, body] of requests) {
        const answer = await rawRequest(service.url, {
          method,
          target,
          headers,
          ...(body === undefined ? {} : { body }),
        });
        expect([method, target, refusalOf(answer)[0]]).toEqual([method, target, status]);
        expect(Object.keys(operation.responses)).toContain(String(status));
      }
    }
    expect(await stateOf(admin)).toEqual(before);
  });

  it('answers HEAD like GET, to the same callers and without a body', async () => {
    for (const { route } of operationsOf(document).filter(({ method }) => method === 'GET')) {
      if (route.endsWith('/stream')) continue;
      const address = addressOf(route, 'walked');
      const send = (headers: string[]) => rawRequest(service.url, { method: 'HEAD', target: address, headers });
      const anonymous = await send([]);
      expect([route, anonymous?.status, anonymous?.body]).toEqual([
        route,
        NEEDS[`GET ${route}`] === 'nothing' ? 200 : 401,
        '',
      ]);
      const known = await send([`Authorization: Bearer ${ADMIN_TOKEN}`]);
      const { status } = await call({ token: ADMIN_TOKEN, role: 'admin' }, 'GET', address, undefined);
      expect([route, known?.status, known?.body]).toEqual([route, status, '']);
    }
  });

  it('answers no undocumented method, not even to an admin', async () => {
    const before = await stateOf(admin);
    for (const [route, operations] of Object.entries(document.paths)) {
      for (const method of [...METHODS, 'OPTIONS', 'PROPFIND']) {
        if (method.toLowerCase() in operations) continue;
        // `spawn` and `terminate` in the place of an id are an id to the other methods.
        const address = addressOf(route, 'no-agent-has-this-id');
        const answer = await call({ token: ADMIN_TOKEN, role: 'admin' }, method, address, undefined);
        expect([method, route, answer.status]).toEqual([method, route, OTHER_METHODS[route] ?? 404]);
        if (answer.status === 404) expectProblem(answer, address);
      }
    }
    expect(await stateOf(admin)).toEqual(before);
  });
});
