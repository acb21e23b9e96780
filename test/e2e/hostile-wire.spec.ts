import { connect, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { ApiClient } from '../support/api-client';
import { bytesOf, exchange, rawRequest, type RawAnswer, type RawRequest } from '../support/raw-http';
import { expectUntouched, refusalOf } from '../support/refusals';
import { ADMIN_TOKEN, makeService, type TestService } from '../support/service';
import { settledState, type State } from '../support/state-of';

const AUTHORIZATION = `Authorization: Bearer ${ADMIN_TOKEN}`;
const JSON_TYPE = 'Content-Type: application/json';
const MEGABYTE = 1_048_576;

/** What no library would send: over sockets, byte by byte. */
describe('a hostile connection', () => {
  let service: TestService;
  let admin: ApiClient;
  let before: State;
  let pid: number;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '0' } });
    admin = service.api;
    pid = service.pid;
    await admin.register({ agentId: 'known', name: 'Known', entryPoint: 'sleeper.sh' });
    await admin.spawn('known');
    before = await settledState(admin);
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await service.destroy();
  });

  afterEach(async () => {
    await expectUntouched(service, before, pid);
  });

  const send = (request: RawRequest) => rawRequest(service.url, request);
  const list = (...headers: string[]) => send({ target: '/api/agents', headers: [AUTHORIZATION, ...headers] });

  /** A registration that would be taken, were it not for how it is sent. */
  const registration = (length = 0) =>
    Buffer.from(JSON.stringify({ agentId: 'smuggled', name: 'S', entryPoint: null, args: [] }).padEnd(length));
  const register = (body: Buffer, ...headers: string[]) =>
    send({ method: 'POST', target: '/api/agents', headers: [AUTHORIZATION, ...headers], body });
  /** Either a problem of ours or a refusal of the HTTP layer itself, which has no body to speak of. */
  const isRefused = (answer: RawAnswer | null) => answer === null || (answer.status >= 400 && answer.status < 500);

  describe('by a name that is not ours (DNS rebinding)', () => {
    it.each([
      ...['evil.com', 'evil.com:3100', '127.0.0.1.evil.com', 'localhost.evil.com', 'evil.com/localhost', 'localhost.'],
      ...[
        'localhost:80:80',
        'localhost:x',
        'localhost@evil.com',
        'evil.com@localhost',
        'localhost evil.com',
        '[::1',
        '::1',
      ],
      ...[
        '127.1',
        '2130706433',
        '0x7f.1',
        '0177.0.0.1',
        '0',
        '0.0.0.0',
        '[::]',
        '[::ffff:127.0.0.1]',
        '[::1%25lo]',
        '',
      ],
      ...['lоcalhost', 'localhost\t.evil.com', 'localhost,evil.com', '*', 'null', `${'a'.repeat(300)}.com`],
    ])('nothing is answered, not even that we live: %j', async (host) => {
      for (const target of ['/health/live', '/api/agents', '/docs-json', '/nothing']) {
        const answer = await send({ target, headers: [`Host: ${host}`, AUTHORIZATION, 'X-Forwarded-Host: localhost'] });
        if (answer?.status === 400) continue; // no Host at all to the HTTP layer
        expect([host, ...refusalOf(answer)]).toEqual([host, 403, 'forbidden']);
      }
    });

    it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:3100'])(
      'our own are answered: %s',
      async (host) => {
        expect((await send({ target: '/health/live', headers: [`Host: ${host}`] }))?.status).toBe(200);
      },
    );

    it('a second name, or one in the request line, counts as well', async () => {
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

    it('none at all is refused, in HTTP/1.1 and in HTTP/1.0', async () => {
      expect((await send({ target: '/health/live', noHost: true }))?.status).toBe(400);
      const old = await send({ target: '/health/live', noHost: true, version: 'HTTP/1.0' });
      expect(refusalOf(old)).toEqual([403, 'forbidden']);
      expect((await send({ target: '/health/live', version: 'HTTP/1.0' }))?.status).toBe(200);
    });

    it('headers of a proxy change nothing', async () => {
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

  it('no page of another origin is told that it may read', async () => {
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
    ['another method in a header', 'X-HTTP-Method-Override: DELETE'],
    ['another method in another header', 'X-Method-Override: DELETE'],
    ['another address in a header', 'X-Original-URL: /api/agents/known/terminate'],
    ['another address in another header', 'X-Rewrite-URL: /api/agents/known/terminate'],
  ])('%s is not looked at', async (_what, header) => {
    expect(
      refusalOf(await send({ method: 'POST', target: '/api/agents/known', headers: [AUTHORIZATION, header] })),
    ).toEqual([404, 'not-found']);
    const query = await send({ method: 'POST', target: '/api/agents/known?_method=DELETE', headers: [AUTHORIZATION] });
    expect(refusalOf(query)).toEqual([404, 'not-found']);
  });

  it.each(['TRACE', 'OPTIONS', 'PROPFIND', 'PUT', 'QUERY', 'CONNECT', 'BREW', 'get', 'G\u00cbT', 'POST /x'])(
    'the method %s does nothing',
    async (method) => {
      const answer = await send({ method, target: '/api/agents', headers: [AUTHORIZATION, 'X-Echo: secret'] });
      expect(isRefused(answer)).toBe(true);
      expect(answer?.body ?? '').not.toContain('secret');
    },
  );

  it.each([
    '*',
    '//evil.com/api/agents',
    '/\\evil.com',
    '/api//agents',
    '/api/./agents',
    '/%61pi/agents/../agents',
    '?',
    'api/agents',
    '/../../etc/passwd',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/%00',
    '/docs/%ff',
    `/${'a'.repeat(7_000)}`,
  ])('the address %s shows nothing', async (target) => {
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

    it('name two tokens let in by the first one alone', async () => {
      const wrong = 'Authorization: Bearer wrong-token-of-the-tests';
      const second = await send({ target: '/api/agents', headers: [wrong, AUTHORIZATION] });
      expect(refusalOf(second)).toEqual([401, 'unauthenticated']);
    });

    it('ask for a part or a state that a file does not have is refused', async () => {
      for (const header of [
        'Range: bytes=999999999-',
        'If-Match: "x"',
        'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
      ]) {
        const answer = await send({ target: '/docs/swagger-ui.css', headers: [header] });
        expect([header, refusalOf(answer)[1]]).toEqual([header, 'invalid-request']);
      }
    });

    it('expect what nobody can do is refused', async () => {
      expect((await list('Expect: the-unexpected'))?.status).toBe(417);
      expect((await list('Upgrade: h2c, websocket', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'))?.status).toBe(200);
    });
  });

  describe('with a body that', () => {
    it('is just too large, or far too large, is refused', async () => {
      expect(refusalOf(await register(registration(MEGABYTE + 1), JSON_TYPE))).toEqual([413, 'payload-too-large']);
      expect(refusalOf(await register(registration(20 * MEGABYTE), JSON_TYPE))).toEqual([413, 'payload-too-large']);
      // As large as it may be: read, and found wrong for what it says.
      const full = Buffer.from('{"x":1'.padEnd(MEGABYTE - 1) + '}');
      expect(refusalOf(await register(full, JSON_TYPE)).slice(0, 2)).toEqual([422, 'invalid-request']);
    });

    it('is of another type is refused, and so is one of none', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        'application/jsonx',
        'text/json; charset=utf-8',
        '',
        'x',
        'application/json, text/plain',
      ]) {
        expect([type, ...refusalOf(await register(registration(), `Content-Type: ${type}`))]).toEqual([
          type,
          422,
          'invalid-request',
        ]);
      }
      expect(refusalOf(await register(registration()))).toEqual([422, 'invalid-request']);
    });

    it('is in another character set is refused', async () => {
      const text = registration().toString();
      const bodies: Record<string, Buffer> = {
        'utf-16': Buffer.from(`\ufeff${text}`, 'utf16le'),
        'utf-16le': Buffer.from(text, 'utf16le'),
        'utf-7': Buffer.from(text),
        'utf-32': Buffer.from(text),
        'iso-8859-1': Buffer.from(text),
        nonsense: Buffer.from(text),
      };
      for (const [charset, body] of Object.entries(bodies)) {
        const answer = await register(body, `Content-Type: application/json; charset=${charset}`);
        expect([charset, ...refusalOf(answer)]).toEqual([charset, 400, 'invalid-request']);
      }
    });

    it('swells up when it is unpacked is refused at its limit', async () => {
      const swollen = Buffer.alloc(20 * MEGABYTE, ' ');
      const packed = {
        gzip: gzipSync(swollen),
        deflate: deflateSync(swollen),
        br: brotliCompressSync(swollen),
      };
      for (const [encoding, body] of Object.entries(packed)) {
        const answer = await register(body, JSON_TYPE, `Content-Encoding: ${encoding}`);
        expect([encoding, ...refusalOf(answer)]).toEqual([encoding, 413, 'payload-too-large']);
      }
    });

    it('cannot be unpacked is refused', async () => {
      const half = gzipSync(registration()).subarray(0, 20);
      for (const [encoding, body] of [
        ['gzip', registration()],
        ['deflate', registration()],
        ['br', registration()],
        ['gzip', half],
        ['zstd-of-mine', registration()],
        ['gzip, gzip', gzipSync(gzipSync(registration()))],
      ] as const) {
        const answer = await register(body, JSON_TYPE, `Content-Encoding: ${encoding}`);
        expect([encoding, ...refusalOf(answer)]).toEqual([encoding, 400, 'invalid-request']);
      }
    });
  });

  describe('with a request inside a request', () => {
    const inner = () =>
      bytesOf(service.url, {
        method: 'POST',
        target: '/api/agents/known/terminate',
        headers: [AUTHORIZATION],
      }).toString();
    const post =
      (...headers: string[]) =>
      (body: string) =>
        bytesOf(service.url, {
          method: 'POST',
          target: '/api/agents',
          headers: [AUTHORIZATION, JSON_TYPE, 'Connection: keep-alive', ...headers],
          body,
        });

    it.each<[string, string[], (inside: string) => string]>([
      ['both lengths', ['Content-Length: 4', 'Transfer-Encoding: chunked'], (inside) => `0\r\n\r\n${inside}`],
      [
        'both lengths, the other way',
        ['Transfer-Encoding: chunked', 'Content-Length: 300'],
        (inside) => `0\r\n\r\n${inside}`,
      ],
      ['two lengths', ['Content-Length: 2', 'Content-Length: 300'], (inside) => `{}${inside}`],
      ['a list of lengths', ['Content-Length: 2, 2'], (inside) => `{}${inside}`],
      ['an unknown coding', ['Transfer-Encoding: xchunked', 'Content-Length: 2'], (inside) => `{}${inside}`],
      ['a coding behind a tab', ['Transfer-Encoding:\tchunked', 'Content-Length: 2'], (inside) => `0\r\n\r\n${inside}`],
      [
        'a coding with a space before the colon',
        ['Transfer-Encoding : chunked', 'Content-Length: 2'],
        (inside) => `{}${inside}`,
      ],
      ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], (inside) => `0\r\n\r\n${inside}`],
      ['a chunk of no size', ['Transfer-Encoding: chunked'], (inside) => `zz\r\n${inside}`],
      ['a chunk of a negative size', ['Transfer-Encoding: chunked'], (inside) => `-1\r\n${inside}`],
      ['a chunk larger than there is', ['Transfer-Encoding: chunked'], (inside) => `FFFFFFFFFFFFFFFFF\r\n${inside}`],
      ['a bare line feed after a chunk', ['Transfer-Encoding: chunked'], (inside) => `2\n{}\n0\n\n${inside}`],
    ])('by %s, the inner one is not carried out', async (_what, headers, body) => {
      const answers = await exchange(service.url, post(...headers)(body(inner())));
      expect(answers.length).toBeLessThanOrEqual(1);
      expect(answers.every(isRefused)).toBe(true);
    });
  });

  it('many requests in one go are answered one by one, in their order', async () => {
    const requests = Array.from({ length: 40 }, (_, index) =>
      bytesOf(service.url, {
        target: `/api/agents/${index % 2 === 0 ? 'known' : 'nobody'}`,
        headers: [AUTHORIZATION, index === 39 ? 'Connection: close' : 'Connection: keep-alive'],
      }),
    );
    const answers = await exchange(service.url, Buffer.concat(requests));
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 200 : 404)),
    );
  });

  it('requests that never end hold up nobody else', async () => {
    const { hostname, port } = new URL(service.url);
    const halves = [
      '',
      'GET',
      `POST /api/agents HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}\r\n`,
      `POST /api/agents HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}\r\n${JSON_TYPE}\r\nContent-Length: 1000\r\n\r\n{`,
    ];
    for (let index = 0; index < 200; index += 1) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(halves[index % halves.length] ?? '');
      sockets.push(socket);
    }
    for (let index = 0; index < 20; index += 1) expect((await list())?.status).toBe(200);
    // A caller who goes away in the middle leaves nothing behind either.
    for (const socket of sockets.splice(0)) socket.destroy();
    expect((await list())?.status).toBe(200);
  });

  it('noise is no request', async () => {
    const noises = [
      '\0\0\0\0',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /\r\n\r\n',
      '\r\n\r\n\r\n\r\nX\r\n\r\n',
      'SSH-2.0-x\r\n\r\n',
    ];
    for (const noise of noises) {
      const answers = await exchange(service.url, Buffer.from(noise, 'latin1'));
      expect([noise, answers.every(isRefused)]).toEqual([noise, true]);
    }
  });
});
