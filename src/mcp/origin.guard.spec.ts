import type { ExecutionContext } from '@nestjs/common';
import { isAllowedOrigin, OriginGuard } from './origin.guard';

describe('an origin', () => {
  it.each([
    ['http://localhost:5173', true],
    ['https://127.0.0.1', true],
    ['http://[::1]:3100', true],
    ['https://agents.test', true],
    ['https://evil.test', false],
    ['http://localhost.evil.test', false],
    ['http://localhost@evil.test', false],
    ['http://evil.test/localhost', false],
    ['null', false],
    ['', false],
    ['file://', false],
    ['chrome-extension://localhost', false],
  ])('%j is allowed: %s', (origin, isAllowed) => {
    expect(isAllowedOrigin(origin, ['agents.test'])).toBe(isAllowed);
  });
});

describe('the guard', () => {
  const guard = new OriginGuard({ HOST: '127.0.0.1', ALLOWED_HOSTS: ['agents.test'] });
  const admits = (origin: string[] | undefined) => {
    const request = { headersDistinct: origin === undefined ? {} : { origin } };
    // The guard uses only this member of Nest's ExecutionContext.
    return guard.canActivate({ switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext);
  };

  it('admits a program, which sends no origin, and a page of an own host', () => {
    expect([admits(undefined), admits(['http://agents.test'])]).toEqual([true, true]);
  });

  it('refuses a page of another host, also as the second of two', () => {
    expect(() => admits(['https://evil.test'])).toThrow('forbidden');
    expect(() => admits(['http://localhost', 'https://evil.test'])).toThrow('forbidden');
  });
});
