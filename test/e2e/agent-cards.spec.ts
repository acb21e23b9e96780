import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProblemAnswer } from '../support/api-client';
import { agentCard } from '../support/cards';
import { makeService, VIEWER_TOKEN, type TestService } from '../support/service';
import { until } from '../support/until';

const EXTENSION = 'urn:agent-spawner:a2a:supervision:1';

interface ServedCard {
  readonly name: string;
  readonly signatures?: unknown;
  readonly capabilities: { readonly extensions: readonly { readonly uri: string; readonly params?: unknown }[] };
}

describe('an agent card', () => {
  let service: TestService;
  let server: Server;
  let base: string;
  const cards = new Map<string, string>();

  beforeAll(async () => {
    service = await makeService({ settings: { HEALTH_INTERVAL_SECONDS: '0.3' } });
    server = createServer((request, response) => {
      const card = cards.get(request.url ?? '');
      response.writeHead(card === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(card);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    cards.set(
      '/.well-known/agent-card.json',
      JSON.stringify(agentCard({ description: 'Finds\u001b[31m recipes\u0000' })),
    );
    cards.set('/old.json', JSON.stringify(agentCard({ supportedInterfaces: undefined, url: base })));
    cards.set('/text.json', 'recipes');
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await service.destroy();
  });

  const importCard = (body: object) => service.api.post<ProblemAnswer>('/api/agents/import-card', body);
  const served = (agentId: string) =>
    service.api.withToken(VIEWER_TOKEN).expect<ServedCard>(200, 'GET', `/api/agents/${agentId}/agent-card.json`);
  const ids = async () => (await service.api.agents()).map(({ agentId }) => agentId);

  it('registers an external agent, which is watched by its card', async () => {
    const { status, headers, body } = await importCard({ url: base, tags: ['food'] });

    expect([status, headers.get('location')]).toEqual([201, '/api/agents/recipe-agent']);
    expect(body).toMatchObject({
      ...{ agentId: 'recipe-agent', name: 'Recipe Agent', entryPoint: null, tags: ['food'] },
      ...{ capabilities: ['recipe.find', 'meal-plan'], endpoint: 'http://127.0.0.1:4999/a2a' },
      healthUrl: `${base}/.well-known/agent-card.json`,
    });
    expect(body).not.toHaveProperty('card');
    await until(async () => (await service.api.agent('recipe-agent')).status === 'running', 'it was seen healthy');
    expect((await importCard({ url: base })).status).toBe(409);
    expect((await importCard({ url: 'http://127.0.0.1:1', agentId: 'recipe-agent' })).body.code).toBe('agent-exists');
  });

  it('is served again with the state of its agent, and without signatures', async () => {
    const { signatures: _signatures, capabilities, ...rest } = agentCard({ description: 'Finds recipes ' });
    const card = await served('recipe-agent');

    expect(card).toEqual({
      ...rest,
      capabilities: {
        ...(capabilities as object),
        extensions: [
          { uri: 'https://kitchen.example/units', required: false },
          {
            ...{ uri: EXTENSION, required: false, description: expect.any(String) as string },
            params: {
              ...{ agentId: 'recipe-agent', status: 'running', score: expect.any(Number) as number },
              circuit: { state: 'CLOSED', failureCount: 0, lastFailureAt: null, trippedAt: null },
            },
          },
        ],
      },
    });
  });

  it('survives a restart of the service and changes of the definition', async () => {
    await service.end();
    await service.start();
    await service.api.expect(200, 'PATCH', '/api/agents/recipe-agent', { name: 'Cook', endpoint: null });

    expect((await served('recipe-agent')).name).toBe('Recipe Agent');
    expect(await service.api.agent('recipe-agent')).toMatchObject({ name: 'Cook', endpoint: null });
  });

  it('is removed with its agent, which can be imported again', async () => {
    await service.api.expect(204, 'DELETE', '/api/agents/recipe-agent');
    expect((await service.api.get<ProblemAnswer>('/api/agents/recipe-agent/agent-card.json')).body.code).toBe(
      'agent-not-found',
    );
    expect((await importCard({ url: base, agentId: 'cook', healthUrl: null })).body).toMatchObject({ healthUrl: null });
    await service.api.expect(204, 'DELETE', '/api/agents/cook');
  });

  it('is made up for no agent', async () => {
    await service.api.register({ agentId: 'plain', name: 'Plain', entryPoint: null, endpoint: base });
    const { status, body } = await service.api.get<ProblemAnswer>('/api/agents/plain/agent-card.json');
    expect([status, body.code]).toEqual([404, 'not-found']);
    expect(body.detail).toMatch(/^plain has no agent card: /);
    await service.api.expect(204, 'DELETE', '/api/agents/plain');
  });

  it('that cannot be used is refused with the reason, and registers nothing', async () => {
    const metadata = 'http://169.254.169.254/latest/meta-data.json';
    const cases: [object, string, RegExp][] = [
      [{ url: `${base}/old.json` }, '/url', /^is a card of A2A 0\.3/],
      [{ url: `${base}/text.json` }, '/url', /^is not an agent card/],
      [{ url: `${base}/none.json` }, '/url', /^answered 404/],
      [{ url: 'http://127.0.0.1:1' }, '/url', /^is unreachable/],
      [{ url: service.url }, '/url', /own port$/],
      [{ url: service.url.replace('127.0.0.1', 'localhost') }, '/url', /own port$/],
      [{ url: metadata }, '/url', /link-local/],
      [{ url: 'file:///etc/passwd' }, '/url', /http or https/],
      [{ url: base, agentId: 'A!' }, '/agentId', /^must be 1 to 63/],
      [{ url: base, cardUrl: base }, '/cardUrl', /^is not a known member$/],
      [{}, '/url', /./],
    ];
    for (const [request, pointer, why] of cases) {
      const { status, body } = await importCard(request);
      expect([request, status, body.code]).toEqual([request, 422, 'invalid-request']);
      expect(body.errors).toEqual([{ pointer, detail: expect.stringMatching(why) as string }]);
    }
    expect(await ids()).toEqual([]);
  });
});
