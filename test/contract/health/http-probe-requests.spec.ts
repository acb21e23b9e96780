import type { IncomingHttpHeaders } from 'node:http';
import { makeCheck, useProbeServers } from '../../support/probe-servers';

/** Checks which servers the probe sends requests to, with which headers, and which certificates it accepts. */
describe('the HTTP probe', () => {
  const { serve, serveAnswer, serveTls, sockets } = useProbeServers();
  const check = makeCheck();

  describe('redirects', () => {
    it('are followed on the same host and port', async () => {
      const url = await serve((request, response) => {
        if (request.url === '/health') response.writeHead(302, { location: '/healthz' }).end();
        else response.end('{"agentId":"agent"}');
      });
      expect(await check(url)).toMatchObject({ ok: true, statusCode: 200 });
    });

    it('to the same URL end after five', async () => {
      const url = await serve((request, response) => response.writeHead(307, { location: request.url }).end());
      expect(await check(url)).toMatchObject({ ok: false, error: 'redirects more than 5 times' });
    });

    const elsewhereOf = (url: string) => url.replace('127.0.0.1', '0.0.0.0');

    it('to another port or another name of the same host are followed', async () => {
      const other = await serveAnswer(200, '{"agentId":"agent"}');
      const url = await serveAnswer(302, '', { location: other.replace('127.0.0.1', 'localhost') });
      expect(await check(url)).toMatchObject({ ok: true, statusCode: 200 });
      const faulty = await serveAnswer(302, '', { location: await serveAnswer(500) });
      expect(await check(faulty)).toMatchObject({ ok: false, statusCode: 500, error: 'answered 500' });
    });

    it('to another scheme of the same host are followed', async () => {
      const secure = await serveTls((_, response) => response.end('{"agentId":"agent"}'));
      expect(await check(await serveAnswer(301, '', { location: secure }))).toMatchObject({
        ok: true,
        statusCode: 200,
      });
    });

    it('between two ports end after five', async () => {
      let other = '';
      const url = await serve((_, response) => response.writeHead(307, { location: other }).end());
      other = await serveAnswer(307, '', { location: url });
      expect(await check(url)).toMatchObject({ ok: false, error: 'redirects more than 5 times' });
    });

    it('to another host are not followed, and that host gets no request', async () => {
      let requests = 0;
      const elsewhere = elsewhereOf(
        await serve((_, response) => {
          requests += 1;
          response.end();
        }),
      );
      const result = await check(await serveAnswer(302, '', { location: elsewhere }));
      // All that is known is that the agent answers. The remark says so.
      expect(result).toMatchObject({ ok: true, statusCode: 302, error: null, cause: null });
      expect(result.remark).toContain(new URL(elsewhere).origin);
      expect(requests).toBe(0);
    });

    it.each([
      ['file:///etc/passwd', /redirects to file:/],
      ['http://[broken', /redirects to an invalid URL/],
      ['https://127.0.0.1:1/', /refuses connections/],
    ])('to %s fail', async (location, error) => {
      const result = await check(await serveAnswer(302, '', { location }));
      expect(result).toMatchObject({ ok: false, cause: 'unhealthy-response' });
      expect(result.error).toMatch(error);
    });

    it('without a location fail with their status', async () => {
      expect(await check(await serveAnswer(302))).toMatchObject({ ok: false, error: 'answered 302' });
    });
  });

  describe('certificates', () => {
    const serveSelfSigned = () => serveTls((_, response) => response.end('{"agentId":"agent"}'));

    it.each(['127.0.0.1', 'localhost'])('are not verified on the loopback (%s)', async (host) => {
      expect(await check((await serveSelfSigned()).replace('127.0.0.1', host))).toMatchObject({ ok: true });
    });

    it('are verified on other hosts', async () => {
      const result = await check((await serveSelfSigned()).replace('127.0.0.1', '0.0.0.0'));
      expect(result).toMatchObject({ ok: false, statusCode: null });
      expect(result.error).toMatch(/certificate/);
    });

    it('are not verified on the loopback after a kept-alive connection was closed', async () => {
      const url = await serveSelfSigned();
      expect(await check(url)).toMatchObject({ ok: true });
      for (const socket of sockets) socket.destroy();
      expect(await check(url)).toMatchObject({ ok: true });
    });
  });

  describe('healthHeaders', () => {
    const SECRET = 'a-secret-of-the-agent';
    const headers = { Authorization: `Bearer ${SECRET}`, 'X-Api-Key': 'another-secret' };
    const serveWithHeader = (seen: IncomingHttpHeaders[] = []) =>
      serve((request, response) => {
        seen.push(request.headers);
        response.writeHead(request.headers.authorization === headers.Authorization ? 200 : 401).end();
      });

    it('are sent, also after a redirect on the same host', async () => {
      const seen: IncomingHttpHeaders[] = [];
      const url = await serveWithHeader(seen);
      expect(await check(url, { headers })).toMatchObject({ ok: true, statusCode: 200 });
      expect(seen[0]).toMatchObject({ 'x-api-key': 'another-secret', 'user-agent': 'agent-spawner' });
      const redirecting = await serveAnswer(302, '', { location: url });
      expect(await check(redirecting, { headers })).toMatchObject({ ok: true, statusCode: 200 });
    });

    it('override the default headers', async () => {
      const seen: IncomingHttpHeaders[] = [];
      const url = await serveWithHeader(seen);
      await check(url, { headers: { Accept: 'text/plain', 'User-Agent': 'probe' } });
      expect(seen[0]).toMatchObject({ accept: 'text/plain', 'user-agent': 'probe' });
    });

    it('are masked in errors and remarks that repeat them', async () => {
      const echoing = await serve((request, response) => {
        response.end(JSON.stringify({ agentId: `${request.headers.authorization ?? ''} ${SECRET}` }));
      });
      const result = await check(echoing, { headers });
      expect(result).toMatchObject({ ok: false, error: 'another agent answers there: *** ***' });
      const leading = await serve((request, response) => {
        const token = request.headers.authorization?.split(' ')[1] ?? '';
        response.writeHead(302, { location: `http://${token}.invalid/` }).end();
      });
      const { remark } = await check(leading, { headers });
      expect(remark).toContain('.invalid');
      expect(remark).not.toContain(SECRET);
    });
  });

  describe('other secrets of the agent', () => {
    it('are masked before the error is cut, and so are keys that only have a well-known form', async () => {
      const before = 'x'.repeat(150);
      const answering = await serveAnswer(200, JSON.stringify({ agentId: `${before} top-secret-${'ab'.repeat(30)}` }));
      const secrets = () => [`top-secret-${'ab'.repeat(30)}`];
      expect(await check(answering, { secrets })).toMatchObject({
        error: `another agent answers there: ${before} ***`,
      });
      const quoting = await serveAnswer(200, JSON.stringify({ agentId: `${before} sk-${'a1'.repeat(30)}` }));
      expect(await check(quoting)).toMatchObject({ error: `another agent answers there: ${before} sk-***` });
    });
  });
});
