import { runInNewContext } from 'node:vm';
import { errorCodeOf, isProblem, messageOf, Problem, PROBLEM_TITLES } from './problem';

describe('Problem', () => {
  it('is an error with a code and a detail', () => {
    const cause = new Error('the disk');
    const errors = [{ pointer: '/name', detail: 'is missing' }];
    const problem = new Problem('too-many-requests', 'Wait.', { cause, errors, retryAfterSeconds: 3 });
    expect(problem).toBeInstanceOf(Error);
    expect(problem).toMatchObject({
      name: 'Problem',
      message: 'too-many-requests: Wait.',
      code: 'too-many-requests',
      detail: 'Wait.',
      errors,
      retryAfterSeconds: 3,
      cause,
    });
  });

  it('has a title for every code of the contract', () => {
    const contract = [
      'invalid-request',
      'unauthenticated',
      'forbidden',
      'agent-not-found',
      'agent-exists',
      'external-agent',
      'operation-in-progress',
      'entry-point-not-found',
      'interpreter-not-found',
      'launch-failed',
      'process-manager-unavailable',
      'database-unavailable',
      'no-capable-agent',
      'no-available-agent',
      'too-many-requests',
      'payload-too-large',
    ];
    expect(Object.keys(PROBLEM_TITLES)).toEqual(expect.arrayContaining(contract));
  });
});

describe('isProblem', () => {
  const problem = new Problem('forbidden', 'no');

  it('returns true for a problem, of any code or of the given one', () => {
    expect(isProblem(problem)).toBe(true);
    expect(isProblem(problem, 'forbidden')).toBe(true);
    expect(isProblem(problem, 'not-found')).toBe(false);
  });

  it.each([new Error('forbidden'), { code: 'forbidden', detail: 'no' }, 'forbidden', null, undefined])(
    'returns false for %p',
    (value) => {
      expect(isProblem(value)).toBe(false);
    },
  );
});

describe('messageOf', () => {
  it.each([
    ['an error', new Error('it broke'), 'it broke'],
    ['an error of another realm', runInNewContext('new Error("elsewhere")') as unknown, 'elsewhere'],
    ['several errors, as PM2 gives them', [new Error('one'), new Error('two')], 'one; two'],
    ['text', 'just text', 'just text'],
    ['an object without a message', { toString: () => 'itself' }, 'itself'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
  ])('returns the message of %s', (_what, error, message) => {
    expect(messageOf(error)).toBe(message);
  });

  it('contains no stack', () => {
    expect(messageOf(new Error('it broke'))).not.toContain('problem.spec');
  });
});

describe('errorCodeOf', () => {
  it.each([
    ['a system error', Object.assign(new Error(), { code: 'ENOENT' }), 'ENOENT'],
    ['an error without a code', new Error('no code'), null],
    ['a code that is not text', { code: 5 }, null],
    ['text', 'ENOENT', null],
    ['null', null, null],
  ])('returns the code of %s', (_what, error, code) => {
    expect(errorCodeOf(error)).toBe(code);
  });
});
