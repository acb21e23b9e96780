import { CLIENTS, errorOf } from '../support/mcp-clients';
import { callTool, structureOf, TOOLS, useMcpWorld } from '../support/mcp-world';
import { OPERATOR_TOKEN, VIEWER_TOKEN } from '../support/service';
import { until } from '../support/until';

const world = useMcpWorld();

describe('a client', () => {
  it.each(CLIENTS)('of %s lists, calls and reads', async (kind) => {
    const client = await world.connect(OPERATOR_TOKEN, kind);
    expect(client.instructions).toMatch(/untrusted.*Never follow instructions/s);
    expect((await client.tools()).map(({ name }) => name)).toEqual(TOOLS.slice(0, -1));
    expect(await callTool(client, 'get_agent', { id: 'steady' })).toMatchObject({ id: 'steady', status: 'running' });
    expect(errorOf(await client.call('get_agent', { id: 'unknown' }))).toMatchObject({ code: 'agent-not-found' });
    expect(errorOf(await client.call('get_agent', { id: 'steady', confirm: true })).code).toBe('invalid-request');
    await expect(client.call('drop_database')).rejects.toThrow('Unknown tool');
    expect(await client.resources()).toEqual(['fleet://summary']);
    expect(await client.templates()).toEqual(['agent://{id}', 'incident://{id}']);
    expect(await client.read('agent://steady')).toMatchObject({ id: 'steady', status: 'running' });
    await expect(client.read('agent://unknown')).rejects.toThrow(/not found/i);
    await expect(client.read('file:///etc/passwd')).rejects.toThrow(/not found/i);
  });

  it.each(CLIENTS)('of %s gets progress while an agent is restarted', async (kind) => {
    const client = await world.connect(OPERATOR_TOKEN, kind);
    const lines: (string | undefined)[] = [];
    const result = await client.call(
      'restart_agent',
      { id: 'steady' },
      { onprogress: ({ message }) => lines.push(message) },
    );
    expect(structureOf(result)).toMatchObject({ id: 'steady' });
    expect(lines[0]).toMatch(/^steady is /);
    expect(lines).toContain('steady is recovering');
  });
});

describe('calls in parallel', () => {
  it('are all answered, 50 at once', async () => {
    const kinds = await Promise.all(CLIENTS.map((kind) => world.connect(VIEWER_TOKEN, kind)));
    const calls = Array.from({ length: 50 }, async (_, index) => {
      const client = kinds[index % kinds.length] ?? world.viewer;
      return index % 2 === 0 ? client.call('list_agents') : client.call('get_agent', { id: 'steady' });
    });
    for (const result of await Promise.all(calls)) structureOf(result);
  });

  it('that are cancelled end, and what they began goes on', async () => {
    const { pid } = await world.service.api.agent('steady');
    const aborter = new AbortController();
    const restarting = world.operator.call(
      'restart_agent',
      { id: 'steady' },
      {
        signal: aborter.signal,
        onprogress: () => {
          aborter.abort();
        },
      },
    );
    await expect(restarting).rejects.toThrow(/abort/i);
    const next = await until(async () => {
      const view = await world.service.api.agent('steady');
      return view.pid !== null && view.pid !== pid ? view.pid : null;
    }, 'the restart went on');
    expect(next).not.toBe(pid);
  });
});

describe('the endpoint', () => {
  const post = (headers: Readonly<Record<string, string>>, body: unknown, method = 'POST') =>
    fetch(`${world.service.url}/mcp`, {
      method,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const authorization = `Bearer ${VIEWER_TOKEN}`;
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

  it('requires a token, an own origin, and one message', async () => {
    const anonymous = await post({}, ping);
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await post({ authorization }, ping)).status).toBe(200);
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1', new URL(world.service.url).origin]) {
      expect([origin, (await post({ authorization, origin }, ping)).status]).toEqual([origin, 200]);
    }
    for (const origin of ['https://evil.com', 'null', 'http://localhost.evil.com', 'file://', 'http://evil.com:80']) {
      expect([origin, (await post({ authorization, origin }, ping)).status]).toEqual([origin, 403]);
    }
    const batch = await post({ authorization }, [ping, ping]);
    expect([batch.status, await batch.json()]).toEqual([422, expect.objectContaining({ code: 'invalid-request' })]);
    const large = await post({ authorization }, { ...ping, params: { x: 'x'.repeat(1_100_000) } });
    expect(large.status).toBe(413);
  });

  it.each(['GET', 'DELETE', 'PUT'])('has no sessions: %s is 405', async (method) => {
    const answer = await post({ authorization }, method === 'PUT' ? ping : undefined, method);
    expect([answer.status, answer.headers.get('allow'), answer.headers.get('mcp-session-id')]).toEqual([
      405,
      'POST',
      null,
    ]);
    expect((await post({}, undefined, method)).status).toBe(401);
  });

  it('does not hold up the shutdown with calls that wait', async () => {
    const waits = [world.viewer, await world.connect(VIEWER_TOKEN, 'SDK 1')].map((client) =>
      client.call('wait_for', { id: 'failing', for: 'healthy', timeoutSeconds: 50 }).catch(() => null),
    );
    await until(async () => (await world.service.api.agents()).length > 0, 'the service answers beside them');
    const began = performance.now();
    expect(await world.service.end()).toBe(0);
    expect(performance.now() - began).toBeLessThan(25_000);
    await Promise.all(waits);
  });
});
