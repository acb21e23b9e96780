import type { Request, Response } from 'express';
import { Problem } from '../kernel';
import { AgentIdPipe, readBody, requireUtf8, SchemaPipe } from './request-reading';
import { AgentQueryDto, HeartbeatDto, RestartDto } from './schemas';

function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request')
      return (error.errors ?? []).map(({ pointer }) => pointer);
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a request body', () => {
  const pipe = new SchemaPipe();
  const read = (value: unknown) => pipe.transform(value, { type: 'body', metatype: RestartDto });

  it('is read by the schema of its class', () => {
    expect(read({ reason: 'new model', delaySeconds: 2 })).toEqual({ reason: 'new model', delaySeconds: 2 });
  });

  it.each([undefined, null, {}])('that is %j is read as an empty object', (value) => {
    expect(read(value)).toEqual({});
  });

  it('is refused with a pointer to every fault', () => {
    expect(faultsOf(() => read({ reason: '', delaySeconds: -1, delay: 1 })).sort()).toEqual([
      '/delay',
      '/delaySeconds',
      '/reason',
    ]);
  });

  it.each([[[]], [5], ['text'], [false], [0], ['']])('that is not an object is refused as a whole: %j', (value) => {
    expect(faultsOf(() => read(value))).toEqual(['']);
  });

  it('is passed on unread if the handler takes any type', () => {
    expect(pipe.transform({ any: 'thing' }, { type: 'body', metatype: Object })).toEqual({ any: 'thing' });
  });
});

describe('a query', () => {
  const pipe = new SchemaPipe();

  it('is read by the schema of its class', () => {
    expect(pipe.transform({ tag: 'x' }, { type: 'query', metatype: AgentQueryDto })).toEqual({ tag: 'x' });
    expect(faultsOf(() => pipe.transform({ name: 'x' }, { type: 'query', metatype: AgentQueryDto }))).toEqual([
      '/name',
    ]);
  });

  it('that is null is refused, unlike a missing body', () => {
    expect(faultsOf(() => pipe.transform(null, { type: 'query', metatype: HeartbeatDto }))).toEqual(['']);
  });
});

describe('an id in the path', () => {
  const pipe = new AgentIdPipe();

  it('is passed on unchanged if it is valid', () => {
    expect(pipe.transform('content-agent')).toBe('content-agent');
  });

  it.each(['', 'A', '../x', '<script>', "a' or 1=1", 'x'.repeat(64)])(
    'that is invalid is answered with agent-not-found: %j',
    (id) => {
      let refused: unknown = null;
      try {
        pipe.transform(id);
      } catch (error) {
        refused = error;
      }
      expect(refused).toMatchObject({ code: 'agent-not-found' });
      if (id !== '' && id !== 'A') expect((refused as Problem).detail).not.toContain(id);
    },
  );
});

describe('readBody', () => {
  const JSON_LENGTH = { 'content-length': '10' };

  /** Returns the error passed to `next`; undefined if the request may go on. */
  function passToNext(request: Partial<Pick<Request, 'headers' | 'body' | 'method' | 'query'>>): unknown {
    const calls: unknown[] = [];
    // `readBody` uses only these members of the request, and nothing of the response.
    readBody({ headers: {}, method: 'POST', ...request } as Request, {} as Response, (error?: unknown) =>
      calls.push(error),
    );
    expect(calls).toHaveLength(1);
    return calls[0];
  }

  const nested = (levels: number): unknown => {
    let value: unknown = 'end';
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
    return value;
  };

  it.each([
    ['there is no body', {}],
    ['its length is 0', { headers: { 'content-length': '0' } }],
    ['it is JSON', { headers: JSON_LENGTH, body: { a: 1 } }],
    ['it is the JSON null', { headers: JSON_LENGTH, body: null }],
    ['it is a GET, where a body has no meaning', { headers: JSON_LENGTH, method: 'GET' }],
    ['it is 32 levels deep', { headers: JSON_LENGTH, body: nested(32) }],
    ['it has 1,000 members', { headers: JSON_LENGTH, body: Array.from({ length: 1_000 }, () => ({ a: [] })) }],
  ])('accepts a request if %s', (_why, request) => {
    expect(passToNext(request)).toBeUndefined();
  });

  it.each([
    ['its body was not parsed as JSON', { headers: JSON_LENGTH }],
    ['its chunked body was not parsed as JSON', { headers: { 'transfer-encoding': 'chunked' } }],
    ['it is 33 levels deep', { headers: JSON_LENGTH, body: nested(33) }],
    ['it is 5,000 levels deep', { headers: JSON_LENGTH, body: nested(5_000) }],
    ['it has 1,001 members', { headers: JSON_LENGTH, body: { args: Array<number>(1_001).fill(1) } }],
    ['a member is named __proto__', { headers: JSON_LENGTH, body: JSON.parse('{"env":{"__proto__":"x"}}') as unknown }],
    ['a parameter is named __proto__', { query: JSON.parse('{"__proto__":"x"}') as Request['query'] }],
  ])('refuses a request if %s', (_why, request) => {
    expect(passToNext(request)).toMatchObject({ code: 'invalid-request' });
  });
});

describe('requireUtf8', () => {
  // `requireUtf8` uses neither the request nor the response.
  const check = (body: Buffer, charset: string) => () => {
    requireUtf8({} as Request, {} as Response, body, charset);
  };

  it('accepts UTF-8', () => {
    expect(check(Buffer.from('{"name":"\u00e9\u{1f600}"}'), 'utf-8')).not.toThrow();
  });

  it.each([
    ['a byte that is invalid in UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'utf-8'],
    ['an unpaired surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'utf-8'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xae, 0x22]), 'utf-8'],
    ['another encoding', Buffer.from('{}', 'utf16le'), 'utf-16le'],
    ['UTF-7', Buffer.from('{}'), 'utf-7'],
  ])('refuses %s', (_what, body, charset) => {
    expect(check(body, charset)).toThrow('it is not UTF-8');
  });
});
