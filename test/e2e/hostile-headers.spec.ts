import { useGuardedService } from '../support/guarded-service';
import { rawRequest, type RawRequest } from '../support/raw-http';
import { AUTHORIZATION, isRefused, refusalOf } from '../support/refusals';

/** Sends request lines and headers over sockets that no HTTP library would send. */
describe('a hostile connection', () => {
  const guarded = useGuardedService();
  const send = (request: RawRequest) => rawRequest(guarded.service.url, request);
  const list = (...headers: string[]) => send({ target: '/api/agents', headers: [AUTHORIZATION, ...headers] });

  describe('with a Host header (DNS rebinding)', () => {
    it.each([
      ...['evil.com', 'evil.com:3100', '127.0.0.1.evil.com', 'localhost.evil.com', 'evil.com/localhost', 'localhost.'],
      ...['localhost:80:80', 'localhost:x', 'localhost@evil.com', 'evil.com@localhost', 'localhost evil.com'],
      ...['[::1', '::1', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '0', '0.0.0.0', '[::]'],
      ...['[::ffff:127.0.0.1]', '[::1%25lo]', ''],
      ...['lоcalhost', 'localhost\t.evil.com', 'localhost,evil.com', '*', 'null', `${'a'.repeat(300)}.com`],
    ])('that is not allowed is refused on every route: %j', async (host) => {
      for (const target of ['/health/live', '/api/agents', '/docs-json', '/nothing']) {
        const answer = await send({ target, headers: [`Host: ${host}`, AUTHORIZATION, 'X-Forwarded-Host: localhost'] });
        if (answer?.status === 400) continue; // the HTTP layer reads it as a missing Host
        expect([host, ...refusalOf(answer)]).toEqual([host, 403, 'forbidden']);
      }
    });

    it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:3100'])(
      'that is allowed is answered: %s',
      async (host) => {
        expect((await send({ target: '/health/live', headers: [`Host: ${host}`] }))?.status).toBe(200);
      },
    );

    it('that is a second one, or a host in the request line, is checked too', async () => {
      for (const headers of [
        ['Host: localhost', 'Host: evil.com'],
        ['Host: evil.com', 'Host: localhost'],
      ]) {
        expect(isRefused(await send({ target: '/health/live', headers }))).toBe(true);
      }
      for (const target of ['http://evil.com/health/live', 'https://evil.com:443/health/live']) {
        expect(refusalOf(await send({ target }))[0]).toBe(403);
      }
      expect((await send({ target: 'http://[/health/live' }))?.status).toBe(404);
      expect((await send({ target: 'http://localhost/health/live' }))?.status).toBe(200);
      const rebound = await send({ target: 'http://localhost/health/live', headers: ['Host: evil.com'] });
      expect(refusalOf(rebound)[0]).toBe(403);
    });

    it('that is missing is refused in HTTP/1.1 and HTTP/1.0', async () => {
      expect((await send({ target: '/health/live', noHost: true }))?.status).toBe(400);
      const old = await send({ target: '/health/live', noHost: true, version: 'HTTP/1.0' });
      expect(refusalOf(old)).toEqual([403, 'forbidden']);
      expect((await send({ target: '/health/live', version: 'HTTP/1.0' }))?.status).toBe(200);
    });

    it('that is not allowed is not replaced by proxy headers', async () => {
      const headers = [
        'Host: evil.com',
        'X-Forwarded-Host: localhost',
        'Forwarded: host=localhost',
        'X-Host: localhost',
      ];
      expect(refusalOf(await send({ target: '/health/live', headers }))[0]).toBe(403);
      expect(
        (await list('X-Forwarded-Host: evil.com', 'X-Forwarded-For: 10.0.0.1', 'Forwarded: for=1.2.3.4'))?.status,
      ).toBe(200);
    });
  });

  it('lets no page of another origin read an answer', async () => {
    const requests: RawRequest[] = [
      { target: '/api/agents', headers: [AUTHORIZATION, 'Origin: http://evil.com'] },
      { target: '/api/agents', headers: ['Origin: null'] },
      { target: '/docs-json', headers: ['Origin: http://evil.com'] },
      {
        method: 'OPTIONS',
        target: '/api/agents',
        headers: ['Origin: http://evil.com', 'Access-Control-Request-Method: DELETE'],
      },
    ];
    for (const request of requests) {
      const names = [...((await send(request))?.headers.keys() ?? [])];
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(names).not.toContain('x-powered-by');
      expect(names).not.toContain('set-cookie');
    }
  });

  it.each([
    ['X-HTTP-Method-Override', 'X-HTTP-Method-Override: DELETE'],
    ['X-Method-Override', 'X-Method-Override: DELETE'],
    ['X-Original-URL', 'X-Original-URL: /api/agents/known/terminate'],
    ['X-Rewrite-URL', 'X-Rewrite-URL: /api/agents/known/terminate'],
  ])('ignores the header %s', async (_what, header) => {
    expect(
      refusalOf(await send({ method: 'POST', target: '/api/agents/known', headers: [AUTHORIZATION, header] })),
    ).toEqual([404, 'not-found']);
    const query = await send({ method: 'POST', target: '/api/agents/known?_method=DELETE', headers: [AUTHORIZATION] });
    expect(refusalOf(query)).toEqual([404, 'not-found']);
  });

  it.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PUT', 'QUERY', 'CONNECT', 'BREW', 'get', 'G\u00cbT', 'POST /x'])(
    'changes nothing with the method %s',
    async (method) => {
      const answer = await send({ method, target: '/api/agents', headers: [AUTHORIZATION, 'X-Echo: secret'] });
      expect(isRefused(answer)).toBe(true);
      expect(answer?.body ?? '').not.toContain('secret');
    },
  );

  it.each([
    ...['*', '//evil.com/api/agents', '/\\evil.com', '/api//agents', '/api/./agents', '/%61pi/agents/../agents'],
    ...['?', 'api/agents', '/../../etc/passwd', '/docs/..%2f..%2fpackage.json', '/docs/%2e%2e/%2e%2e/package.json'],
    ...['/docs/%00', '/docs/%ff'],
    `/${'a'.repeat(7_000)}`,
  ])('shows nothing at the path %s', async (target) => {
    const answer = await send({ target, headers: [AUTHORIZATION] });
    expect(isRefused(answer)).toBe(true);
    if (answer !== null && answer.body !== '') expect(refusalOf(answer)[0]).toBe(answer.status);
  });

  describe('with headers that', () => {
    it('are too long or too many is refused', async () => {
      expect((await list(`X-Long: ${'a'.repeat(100_000)}`))?.status).toBe(431);
      expect((await list(...Array.from({ length: 3_000 }, (_, index) => `X-${index}: 1`)))?.status).toBe(431);
      expect(
        isRefused(await send({ target: `/api/agents?tag=${'a'.repeat(100_000)}`, headers: [AUTHORIZATION] })),
      ).toBe(true);
    });

    it('are malformed is refused', async () => {
      for (const header of [
        'X Y: 1',
        ': 1',
        'X',
        'X\0: 1',
        'X: a\0b',
        ' folded: 1',
        'X: a\rY: b',
        'Content-Length: -1',
        'Content-Length: 1e3',
        'Content-Length: 99999999999999999999',
      ]) {
        expect([header, isRefused(await list(header))]).toEqual([header, true]);
      }
    });

    it('name two tokens is refused, even if one is valid', async () => {
      const wrong = 'Authorization: Bearer wrong-token-of-the-tests';
      const second = await send({ target: '/api/agents', headers: [wrong, AUTHORIZATION] });
      expect(refusalOf(second)).toEqual([401, 'unauthenticated']);
    });

    it('ask for a range or state that does not exist is refused', async () => {
      for (const header of [
        'Range: bytes=999999999-',
        'If-Match: "x"',
        'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
      ]) {
        const answer = await send({ target: '/docs/swagger-ui.css', headers: [header] });
        expect([header, refusalOf(answer)[1]]).toEqual([header, 'invalid-request']);
      }
    });

    it('expect what the server cannot meet is refused', async () => {
      expect((await list('Expect: the-unexpected'))?.status).toBe(417);
      expect((await list('Upgrade: h2c, websocket', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'))?.status).toBe(200);
    });
  });
});
