import { connect, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { useGuardedService } from '../support/guarded-service';
import { bytesOf, exchange, rawRequest } from '../support/raw-http';
import { AUTHORIZATION, isRefused, refusalOf } from '../support/refusals';

const JSON_TYPE = 'Content-Type: application/json';
const MEGABYTE = 1_048_576;

/** Sends bodies, and bytes that are no single request, over sockets. Headers have their own file. */
describe('a hostile connection', () => {
  const guarded = useGuardedService();
  const sockets: Socket[] = [];

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
  });

  const list = () => rawRequest(guarded.service.url, { target: '/api/agents', headers: [AUTHORIZATION] });

  /** A valid registration, so that only the way it is sent can be wrong. */
  const registration = (length = 0) =>
    Buffer.from(JSON.stringify({ agentId: 'smuggled', name: 'S', entryPoint: null, args: [] }).padEnd(length));
  const register = (body: Buffer, ...headers: string[]) =>
    rawRequest(guarded.service.url, {
      ...{ method: 'POST', target: '/api/agents', headers: [AUTHORIZATION, ...headers], body },
    });

  describe('with a body that', () => {
    it('is slightly or far too large is refused', async () => {
      expect(refusalOf(await register(registration(MEGABYTE + 1), JSON_TYPE))).toEqual([413, 'payload-too-large']);
      expect(refusalOf(await register(registration(20 * MEGABYTE), JSON_TYPE))).toEqual([413, 'payload-too-large']);
      // At the limit: it is read, and refused for its content.
      const full = Buffer.from('{"x":1'.padEnd(MEGABYTE - 1) + '}');
      expect(refusalOf(await register(full, JSON_TYPE)).slice(0, 2)).toEqual([422, 'invalid-request']);
    });

    it('is of another type or of no type is refused', async () => {
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

    it('exceeds the limit when decompressed is refused at the limit', async () => {
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

    it('cannot be decompressed is refused', async () => {
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
      bytesOf(guarded.service.url, {
        method: 'POST',
        target: '/api/agents/known/terminate',
        headers: [AUTHORIZATION],
      }).toString();
    const post =
      (...headers: string[]) =>
      (body: string) =>
        bytesOf(guarded.service.url, {
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
      ['a coding after a tab', ['Transfer-Encoding:\tchunked', 'Content-Length: 2'], (inside) => `0\r\n\r\n${inside}`],
      [
        'a coding with a space before the colon',
        ['Transfer-Encoding : chunked', 'Content-Length: 2'],
        (inside) => `{}${inside}`,
      ],
      ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], (inside) => `0\r\n\r\n${inside}`],
      ['a chunk without a size', ['Transfer-Encoding: chunked'], (inside) => `zz\r\n${inside}`],
      ['a chunk with a negative size', ['Transfer-Encoding: chunked'], (inside) => `-1\r\n${inside}`],
      ['a chunk larger than the body', ['Transfer-Encoding: chunked'], (inside) => `FFFFFFFFFFFFFFFFF\r\n${inside}`],
      ['a bare line feed after a chunk', ['Transfer-Encoding: chunked'], (inside) => `2\n{}\n0\n\n${inside}`],
    ])('by %s does not execute the inner one', async (_what, headers, body) => {
      const answers = await exchange(guarded.service.url, post(...headers)(body(inner())));
      expect(answers.length).toBeLessThanOrEqual(1);
      expect(answers.every(isRefused)).toBe(true);
    });
  });

  it('answers pipelined requests one by one in order', async () => {
    const requests = Array.from({ length: 40 }, (_, index) =>
      bytesOf(guarded.service.url, {
        target: `/api/agents/${index % 2 === 0 ? 'known' : 'unknown'}`,
        headers: [AUTHORIZATION, index === 39 ? 'Connection: close' : 'Connection: keep-alive'],
      }),
    );
    const answers = await exchange(guarded.service.url, Buffer.concat(requests));
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 200 : 404)),
    );
  });

  it('delays no other caller with requests that never end', async () => {
    const { hostname, port } = new URL(guarded.service.url);
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
    // A caller that disconnects halfway leaves nothing behind either.
    for (const socket of sockets.splice(0)) socket.destroy();
    expect((await list())?.status).toBe(200);
  });

  it('refuses bytes that are not a request', async () => {
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
      const answers = await exchange(guarded.service.url, Buffer.from(noise, 'latin1'));
      expect([noise, answers.every(isRefused)]).toEqual([noise, true]);
    }
  });
});
