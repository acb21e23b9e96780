import { BadRequestException, ImATeapotException, NotFoundException } from '@nestjs/common';
import { Problem, PROBLEM_TITLES, type ProblemCode } from '../kernel';
import { problemResponse, statusOfProblem } from './problem-response';

const INCIDENT = 'incident-1';
const answerTo = (error: unknown, url = '/api/agents') => problemResponse(error, url, INCIDENT);

describe('the status of a problem', () => {
  const statuses: Record<ProblemCode, number> = {
    'invalid-request': 422,
    unauthenticated: 401,
    forbidden: 403,
    'agent-not-found': 404,
    'not-found': 404,
    'agent-exists': 409,
    'external-agent': 409,
    'operation-in-progress': 409,
    'entry-point-not-found': 422,
    'interpreter-not-found': 422,
    'launch-failed': 502,
    'process-manager-unavailable': 503,
    'database-unavailable': 503,
    'no-capable-agent': 404,
    'no-available-agent': 503,
    'wait-timeout': 408,
    'too-many-requests': 429,
    'payload-too-large': 413,
    'internal-error': 500,
  };
  const codes = Object.keys(PROBLEM_TITLES) as ProblemCode[];

  it.each(codes)('of %s is the one in the contract', (code) => {
    expect(statusOfProblem(code)).toBe(statuses[code]);
    expect(answerTo(new Problem(code, 'x')).body).toMatchObject({ code, status: statuses[code] });
  });
});

describe('the answer to a problem', () => {
  it('has the members of RFC 9457, and the code', () => {
    expect(answerTo(new Problem('agent-exists', 'a is there.'))).toEqual({
      body: {
        type: 'urn:agent-spawner:problem:agent-exists',
        title: PROBLEM_TITLES['agent-exists'],
        status: 409,
        detail: 'a is there.',
        instance: '/api/agents',
        code: 'agent-exists',
      },
      headers: {},
    });
  });

  it('lists the invalid members', () => {
    const errors = [{ pointer: '/name', detail: 'is missing' }];
    expect(answerTo(new Problem('invalid-request', 'x', { errors })).body.errors).toEqual(errors);
  });

  it('has the extension members, which replace no standard member', () => {
    const standard = { type: 'x', title: 'x', status: 200, detail: 'x', instance: 'x', code: 'x', errors: 'x' };
    const members = { agent: { agentId: 'a' }, ...standard };
    const plain = answerTo(new Problem('wait-timeout', 'Too late.'));
    expect(answerTo(new Problem('wait-timeout', 'Too late.', { members }))).toEqual({
      ...plain,
      body: { ...plain.body, agent: { agentId: 'a' } },
    });
  });

  it('shows the path without its query, cut to 256 characters', () => {
    const problem = new Problem('forbidden', 'no');
    expect(answerTo(problem, '/api/events?token=secret&x=?').body.instance).toBe('/api/events');
    expect(answerTo(problem, `/${'x'.repeat(10_000)}`).body.instance).toHaveLength(256);
  });

  it.each<[ProblemCode, number | undefined, Record<string, string>]>([
    ['unauthenticated', undefined, { 'WWW-Authenticate': 'Bearer' }],
    ['too-many-requests', 17, { 'Retry-After': '17' }],
    ['no-available-agent', 3, { 'Retry-After': '3' }],
    ['no-available-agent', undefined, { 'Retry-After': '5' }],
    ['database-unavailable', undefined, { 'Retry-After': '5' }],
    ['forbidden', undefined, {}],
    ['launch-failed', undefined, {}],
  ])('of %s has the headers %j', (code, retryAfterSeconds, headers) => {
    expect(answerTo(new Problem(code, 'x', { retryAfterSeconds })).headers).toEqual(headers);
  });
});

describe('the answer to an error of the framework', () => {
  it.each<[string, unknown, ProblemCode, number]>([
    ['a body that is not JSON', bodyError('entity.parse.failed', 400), 'invalid-request', 400],
    ['a body that is too large', bodyError('entity.too.large', 413), 'payload-too-large', 413],
    ['a body in an unknown encoding', bodyError('encoding.unsupported', 415), 'invalid-request', 400],
    ['a body in an unknown character set', bodyError('charset.unsupported', 415), 'invalid-request', 400],
    ['a body that was cut off', bodyError('request.aborted', 400), 'invalid-request', 400],
    ['a malformed path', new URIError('Failed to decode param'), 'invalid-request', 400],
    [
      'an invalid URL',
      Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' }),
      'invalid-request',
      400,
    ],
    ['an unknown route', new NotFoundException('Cannot GET /x'), 'not-found', 404],
    ['broken compression', clientError('incorrect header check', 400), 'invalid-request', 400],
    ['an unsatisfiable range', clientError('Range Not Satisfiable', 416), 'invalid-request', 416],
    ['a bad request of Nest', new BadRequestException('bad'), 'invalid-request', 400],
  ])('has the right code and status for %s', (_what, error, code, status) => {
    expect(answerTo(error).body).toMatchObject({ code, status, title: PROBLEM_TITLES[code] });
  });

  it("does not repeat the parser's message, which quotes the body", () => {
    const error = Object.assign(new SyntaxError('Unexpected token "secret"'), { type: 'entity.parse.failed' });
    expect(answerTo(error).body.detail).toBe('The body is not valid JSON. Correct it and send it again.');
    // Nest wraps the parser's error in its own.
    const ofNest = new BadRequestException(`Unexpected token 'N', "{"secret":N}" is not valid JSON`);
    expect(answerTo(ofNest).body.detail).toBe('The body is not valid JSON. Correct it and send it again.');
    expect(answerTo(new BadRequestException("Failed to decode param '%ff'")).body.detail).toBe(
      'The URL is malformed. Check its percent-encoding.',
    );
  });

  it('does not repeat an unknown path', () => {
    expect(answerTo(new NotFoundException('Cannot GET /<script>')).body.detail).not.toContain('script');
  });
});

describe('the answer to an unexpected error', () => {
  it.each([
    new Error('password=secret'),
    Object.assign(new Error('secret'), { code: 'EACCES', status: 200 }),
    Object.assign(new Error('secret'), { expose: true, status: 500 }),
    Object.assign(new Error('secret'), { expose: false, status: 404 }),
    new ImATeapotException('secret'),
    { message: 'secret', type: 5 },
    'secret',
    null,
    undefined,
  ])('shows only the id under which it was logged: %p', (error) => {
    const { body } = answerTo(error);
    expect(body).toMatchObject({ code: 'internal-error', status: 500 });
    expect(body.detail).toContain(INCIDENT);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

function clientError(message: string, status: number): Error {
  return Object.assign(new Error(message), { expose: true, status });
}

function bodyError(type: string, status: number): Error {
  return Object.assign(new Error('of the parser'), { type, status });
}
