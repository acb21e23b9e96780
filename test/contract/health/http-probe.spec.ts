import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer, type Server as RawServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { HttpProbe } from '../../../src/health/probes/http-probe';
import { until } from '../../support/until';

/** The health check against real servers: well, ill, and hostile ones. */
describe('the HTTP probe', () => {
  const servers: (Server | RawServer)[] = [];
  const sockets = new Set<Socket>();
  const probe = new HttpProbe();

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function listening(server: Server | RawServer): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
  }
  const serving = (listener: RequestListener) => listening(createServer(listener));
  const speaking = (speak: (socket: Socket) => void) =>
    listening(
      createRawServer((socket) => {
        socket.on('error', () => undefined);
        socket.resume();
        speak(socket);
      }),
    );
  const check = (url: string, timeoutMs = 2_000) => probe.check({ url, agentId: 'agent', timeoutMs });
  const answering = (status: number, body = '', headers: Record<string, string> = {}) =>
    serving((_, response) => response.writeHead(status, headers).end(body));

  it.each([
    ['200', 200, 'ok'],
    ['204 without a body', 204, ''],
    ['our own id', 200, '{"agentId":"agent"}'],
    ['JSON that names nobody', 200, '{"status":"ok"}'],
    ['JSON of another kind', 200, '[1, null]'],
    ['what is no JSON at all', 200, '{"agentId": "some'],
    ['an id that is no text', 200, '{"agentId": 7}'],
  ])('is good for %s', async (_, status, body) => {
    expect(await check(await answering(status, body))).toMatchObject({ ok: true, statusCode: status, error: null });
  });

  it.each([
    ['500', 500, '', 'answered 500'],
    ['404', 404, '', 'answered 404'],
    ['304', 304, '', 'answered 304'],
    ["another agent's id", 200, '{"agentId":"other"}', 'another agent answers there: other'],
    ["another agent's id, in snake case", 200, '{"agent_id":"other"}', 'another agent answers there: other'],
  ])('is failed for %s', async (_, status, body, error) => {
    const expected = { ok: false, statusCode: status, error, cause: 'unhealthy-response' };
    expect(await check(await answering(status, body))).toMatchObject(expected);
  });

  it('takes no control characters from a stranger', async () => {
    const { error } = await check(
      await answering(200, JSON.stringify({ agentId: `x\u001b[31m\n\u0007${'y'.repeat(999)}` })),
    );
    // eslint-disable-next-line no-control-regex -- that is what must not be there
    expect(error).not.toMatch(/[\u0000-\u001f]/);
    expect(error?.length).toBeLessThanOrEqual(200);
  });

  it('of one that answers late is hung, at its time limit', async () => {
    const url = await serving((_, response) => void setTimeout(() => response.end('ok'), 5_000).unref());
    expect(await check(url, 200)).toMatchObject({ ok: false, cause: 'hung', error: 'no answer within 0.2 s' });
  });

  it.each([
    ['never answers', () => undefined],
    ['stops within its headers', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nX-A: 1')],
    [
      'drips its body for ever',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => {
          clearInterval(timer);
        });
      },
    ],
  ])('of one that %s is hung', async (_, speak) => {
    expect(await check(await speaking(speak), 300)).toMatchObject({ ok: false, cause: 'hung' });
    await until(() => [...sockets].every((socket) => socket.destroyed || socket.readyState !== 'open'), 'it hangs up');
  });

  it.each([
    ['closes at once', (socket: Socket) => socket.destroy()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['speaks something else', (socket: Socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['floods with headers', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${'X-A: 1\r\n'.repeat(9_999)}\r\n`)],
    ['promises more than it gives', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx')],
  ])('of one that %s is failed, and nothing is thrown', async (_, speak) => {
    expect(await check(await speaking(speak))).toMatchObject({ ok: false, cause: 'unhealthy-response' });
  });

  it('reads no more than 64 kB, however much there is, packed or not', async () => {
    let sent = 0;
    const url = await serving((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    expect(await check(url)).toMatchObject({ ok: true, statusCode: 200 });
    const packed = await answering(200, '', {});
    expect(packed).toEqual(expect.any(String));
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const bombUrl = await serving((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const before = process.memoryUsage().rss;
    expect(await check(bombUrl)).toMatchObject({ ok: true });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  describe('redirects', () => {
    it('are followed on the same host and port', async () => {
      const url = await serving((request, response) => {
        if (request.url === '/health') response.writeHead(302, { location: '/healthz' }).end();
        else response.end('{"agentId":"agent"}');
      });
      expect(await check(url)).toMatchObject({ ok: true, statusCode: 200 });
    });

    it('to themselves end', async () => {
      const url = await serving((request, response) => response.writeHead(307, { location: request.url }).end());
      expect(await check(url)).toMatchObject({ ok: false, error: 'redirects more than 5 times' });
    });

    it('elsewhere are not followed: nobody is asked there', async () => {
      let asked = 0;
      const elsewhere = await serving((_, response) => {
        asked += 1;
        response.end();
      });
      const url = await answering(302, '', { location: elsewhere });
      expect(await check(url)).toMatchObject({
        ...{ ok: false, cause: 'unhealthy-response', error: `redirects elsewhere, to ${new URL(elsewhere).origin}` },
      });
      expect(asked).toBe(0);
    });

    it.each(['file:///etc/passwd', 'http://[broken', 'https://127.0.0.1:1/'])('to %s are failed', async (location) => {
      expect(await check(await answering(302, '', { location }))).toMatchObject({ ok: false });
    });

    it('that say nothing of where are failed by their status', async () => {
      expect(await check(await answering(302))).toMatchObject({ ok: false, error: 'answered 302' });
    });
  });

  it('of a port on which nobody listens says so', async () => {
    const url = await answering(200);
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    expect(await check(url)).toMatchObject({
      ...{ ok: false, cause: 'unhealthy-response', error: 'refuses connections: nobody listens there' },
    });
  });

  it('of a name that resolves nowhere says so', async () => {
    const outcome = await check('http://nowhere.invalid:4101/health', 10_000);
    expect(outcome).toMatchObject({ ok: false, cause: 'network' });
    expect(outcome.error).toContain('nowhere.invalid');
  });

  it('asks nobody in between: proxy settings of the machine are not for it', async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      expect(await check(await answering(200))).toMatchObject({ ok: true });
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  it('uses a connection again, and is not fooled when the other side has closed it meanwhile', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end('ok'));
    server.keepAliveTimeout = 60_000;
    server.on('connection', () => (connections += 1));
    const url = await listening(server);
    for (let count = 0; count < 5; count += 1) expect(await check(url)).toMatchObject({ ok: true });
    expect(connections).toBe(1);
    server.closeIdleConnections();
    expect(await check(url)).toMatchObject({ ok: true });
  });

  it('of a hundred at once, one that hangs delays nobody', async () => {
    const hanging = await speaking(() => undefined);
    const well = await answering(200);
    let hung = false;
    const slow = check(hanging, 10_000).then(() => (hung = true));
    const others = await Promise.all(Array.from({ length: 99 }, () => check(well, 9_000)));
    expect(others.every(({ ok }) => ok)).toBe(true);
    expect(hung).toBe(false);
    for (const socket of sockets) socket.destroy();
    await slow;
  });
});
