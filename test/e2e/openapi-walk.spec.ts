import type { ApiClient, ProblemAnswer } from '../support/api-client';
import { tokenOf } from '../support/agent-token';
import { addressOf, fetchDocument, METHODS, operationsOf, type OpenApi, type Operation } from '../support/openapi';
import { rawRequest } from '../support/raw-http';
import { refusalOf } from '../support/refusals';
import { ADMIN_TOKEN, makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';
import { settledState, stateOf } from '../support/state-of';

type Need = 'nothing' | 'viewer' | 'operator' | 'admin' | 'own-agent';

/** The table of API.md; a route that is documented and not here fails, so none is added without saying who may use it. */
const NEEDS: Readonly<Record<string, Need>> = {
  'GET /api/agents': 'viewer',
  'POST /api/agents': 'admin',
  'GET /api/agents/{id}': 'viewer',
  'PATCH /api/agents/{id}': 'admin',
  'DELETE /api/agents/{id}': 'admin',
  'POST /api/agents/{id}/spawn': 'operator',
  'POST /api/agents/{id}/restart': 'operator',
  'POST /api/agents/{id}/pause': 'operator',
  'POST /api/agents/{id}/resume': 'operator',
  'POST /api/agents/{id}/terminate': 'operator',
  'POST /api/agents/{id}/circuit-reset': 'operator',
  'GET /api/agents/{id}/health': 'viewer',
  'POST /api/agents/spawn': 'operator',
  'POST /api/agents/terminate': 'operator',
  'POST /api/agents/{id}/heartbeat': 'own-agent',
  'GET /api/agents/{id}/diagnosis': 'viewer',
  'GET /api/agents/{id}/logs': 'operator',
  'GET /api/agents/{id}/restarts': 'viewer',
  'GET /api/agents/{id}/health-log': 'viewer',
  'GET /api/events': 'viewer',
  'GET /api/events/stream': 'viewer',
  'GET /api/health': 'viewer',
  'GET /api/capabilities': 'viewer',
  'PUT /api/agents/{id}/capabilities': 'admin',
  'POST /api/tasks/route': 'operator',
  'GET /api/mirror': 'viewer',
  'POST /api/mirror/retry': 'operator',
  'GET /health/live': 'nothing',
  'GET /health/ready': 'nothing',
  'GET /metrics': 'viewer',
};

/** Bodies with which a call that is let in does nothing; elsewhere it speaks of an agent that does not exist. */
const HARMLESS: Readonly<Record<string, unknown>> = {
  'POST /api/agents/spawn': { tags: ['carried-by-nobody'] },
  'POST /api/agents/terminate': { tags: ['carried-by-nobody'] },
};

const RANK = { none: 0, viewer: 1, operator: 2, admin: 3 } as const;

interface Caller {
  readonly token: string | null;
  /** null: the token is none, or worthless. */
  readonly role: keyof typeof RANK | null;
  readonly agentId?: string;
}

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
    callers.set('nobody', { token: null, role: null });
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

  /** What the contract says of a call: let in, or refused with which status. */
  function verdict(need: Need, caller: Caller, agentId: string): 'let in' | 401 | 403 {
    if (need === 'nothing') return 'let in';
    if (caller.role === null) return 401;
    if (need === 'own-agent') return caller.agentId === agentId || RANK[caller.role] >= 2 ? 'let in' : 403;
    return RANK[caller.role] >= RANK[need] ? 'let in' : 403;
  }

  /** Reads no more than the head of a stream that has no end. */
  async function call(caller: Caller, method: string, address: string, body: unknown) {
    const stop = new AbortController();
    const response = await fetch(`${service.url}${address}`, {
      method,
      headers: {
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

  it('stands in the table of who may use it', () => {
    const documented = operationsOf(document).map(keyOf);
    expect(documented.filter((key) => !(key in NEEDS))).toEqual([]);
    expect(documented.length).toBeGreaterThanOrEqual(15);
  });

  it('says in the document whether it needs a token', () => {
    for (const operation of operationsOf(document)) {
      expect([keyOf(operation), operation.security?.length === 0]).toEqual([
        keyOf(operation),
        NEEDS[keyOf(operation)] === 'nothing',
      ]);
    }
  });

  it('refuses whoever may not use it, says how, and changes nothing', async () => {
    const before = await stateOf(admin);
    let refused = 0;
    for (const operation of operationsOf(document)) {
      const key = keyOf(operation);
      const address = addressOf(operation.route, 'walked');
      for (const [who, caller] of callers) {
        const expected = verdict(NEEDS[key] ?? 'admin', caller, 'walked');
        if (expected === 'let in') continue;
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

  it('lets in whoever may use it, and answers as documented', async () => {
    const before = await stateOf(admin);
    for (const operation of operationsOf(document)) {
      const key = keyOf(operation);
      for (const [who, caller] of callers) {
        // Its own heartbeat is all that an agent without a role may send, and it hurts nobody.
        const isOwn = NEEDS[key] === 'own-agent' && caller.agentId === 'walked';
        const agentId = isOwn ? 'walked' : 'nobody-has-this-id';
        if (verdict(NEEDS[key] ?? 'admin', caller, agentId) !== 'let in') continue;
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

  it('refuses what it cannot read, and says so in the document', async () => {
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

  it('answers HEAD where it answers GET, to the same callers and without a body', async () => {
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
      expect([route, known?.status, known?.body]).toEqual([route, 200, '']);
    }
  });

  it('answers no method that is not documented, not even to an admin', async () => {
    const before = await stateOf(admin);
    for (const [route, operations] of Object.entries(document.paths)) {
      for (const method of [...METHODS, 'OPTIONS', 'PROPFIND']) {
        if (method.toLowerCase() in operations) continue;
        // `spawn` and `terminate` in the place of an id are an id to the other methods.
        const address = addressOf(route, 'nobody-has-this-id');
        const answer = await call({ token: ADMIN_TOKEN, role: 'admin' }, method, address, undefined);
        expect([method, route, answer.status]).toEqual([method, route, 404]);
        expectProblem(answer, address);
      }
    }
    expect(await stateOf(admin)).toEqual(before);
  });
});
