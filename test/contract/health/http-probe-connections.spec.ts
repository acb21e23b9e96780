import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { HttpProbe } from '../../../src/health/probes/http-probe';
import { FakeClock } from '../../support/fake-clock';
import { makeCheck, targetOf, useProbeServers } from '../../support/probe-servers';
import { until } from '../../support/until';

/** Checks servers that cannot be reached, or whose connections hang or break, and the use of connections. */
describe('the HTTP probe', () => {
  const { serve, serveAnswer, serveRaw, listen, closeAll, sockets } = useProbeServers();
  const check = makeCheck();

  it.each([
    ['closes at once', (socket: Socket) => socket.destroy()],
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    ['speaks another protocol', (socket: Socket) => socket.end('220 mail.example ESMTP\r\n')],
    [
      'sends too many headers',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${'X-A: 1\r\n'.repeat(9_999)}\r\n`),
    ],
    [
      'sends less than its Content-Length',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx'),
    ],
  ])('fails without throwing when a server %s', async (_, speak) => {
    expect(await check(await serveRaw(speak))).toMatchObject({ ok: false, cause: 'unhealthy-response' });
  });

  it('reports hung when a server answers after the timeout', async () => {
    const url = await serve((_, response) => void setTimeout(() => response.end('ok'), 5_000).unref());
    expect(await check(url, { timeoutMs: 200 })).toMatchObject({
      ok: false,
      cause: 'hung',
      error: 'no answer within 0.2 s',
    });
  });

  it.each([
    ['never answers', () => undefined],
    ['stops within its headers', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nX-A: 1')],
    [
      'sends its body byte by byte without end',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => {
          clearInterval(timer);
        });
      },
    ],
  ])('reports hung when a server %s', async (_, speak) => {
    expect(await check(await serveRaw(speak), { timeoutMs: 300 })).toMatchObject({ ok: false, cause: 'hung' });
    await until(
      () => [...sockets].every((socket) => socket.destroyed || socket.readyState !== 'open'),
      'the probe closes its connections',
    );
  });

  describe('the timeout', () => {
    it('does not expire before an answer that waits in the socket after a suspend', async () => {
      const clock = new FakeClock();
      const answers: (() => void)[] = [];
      const url = await serve((_, response) => answers.push(() => response.end('ok')));
      const checking = new HttpProbe(clock).check(targetOf(url, { timeoutMs: 100 }));
      await until(() => answers.length > 0, 'the request arrives');
      await new Promise((resolve) => setTimeout(resolve, 300)); // longer than the timeout, while the clock stands still
      answers[0]?.();
      expect(await checking).toMatchObject({ ok: true, responseMs: 0 });
    });

    it('expires by the clock', async () => {
      const clock = new FakeClock();
      const url = await serveRaw(() => undefined);
      const checking = new HttpProbe(clock).check(targetOf(url, { timeoutMs: 60_000 }));
      await clock.advance(60_000);
      expect(await checking).toMatchObject({ ok: false, cause: 'hung', responseMs: 60_000 });
    });
  });

  it('reports a port on which no program listens', async () => {
    const url = await serveAnswer(200);
    await closeAll();
    expect(await check(url)).toMatchObject({
      ...{ ok: false, cause: 'unhealthy-response', error: 'refuses connections: no program listens there' },
    });
  });

  it('reports a host name that does not resolve', async () => {
    const outcome = await check('http://nowhere.invalid:4101/health', { timeoutMs: 10_000 });
    expect(outcome).toMatchObject({ ok: false, cause: 'network' });
    expect(outcome.error).toContain('nowhere.invalid');
  });

  it('ignores the proxy settings of the machine', async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = 'http://127.0.0.1:1';
    try {
      expect(await check(await serveAnswer(200))).toMatchObject({ ok: true });
    } finally {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    }
  });

  it('reuses a connection, and reconnects when the server has closed it', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end('ok'));
    server.keepAliveTimeout = 60_000;
    server.on('connection', () => (connections += 1));
    const url = await listen(server);
    for (let count = 0; count < 5; count += 1) expect(await check(url)).toMatchObject({ ok: true });
    expect(connections).toBe(1);
    server.closeIdleConnections();
    expect(await check(url)).toMatchObject({ ok: true });
  });

  it('delays none of a hundred concurrent checks while one hangs', async () => {
    const hanging = await serveRaw(() => undefined);
    const healthy = await serveAnswer(200);
    let hung = false;
    const slow = check(hanging, { timeoutMs: 10_000 }).then(() => (hung = true));
    const others = await Promise.all(Array.from({ length: 99 }, () => check(healthy, { timeoutMs: 9_000 })));
    expect(others.every(({ ok }) => ok)).toBe(true);
    expect(hung).toBe(false);
    for (const socket of sockets) socket.destroy();
    await slow;
  });
});
