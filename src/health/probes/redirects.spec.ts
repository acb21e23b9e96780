import { isSameHost, mayCarrySecrets, nextUrl } from './redirects';

const HOME = new URL('https://agents.example:8443/health');

describe('nextUrl', () => {
  it.each([
    ['/other', 'https://agents.example:8443/other'],
    ['//agents.example/x', 'https://agents.example/x'],
    ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000/'],
    ['http://[broken', 'redirects to an invalid URL'],
    ['ftp://agents.example/', 'redirects to ftp:, which is neither http: nor https:'],
    ['javascript:alert(1)', 'redirects to javascript:, which is neither http: nor https:'],
  ])('resolves %s to %s', (location, expected) => {
    expect(String(nextUrl(location, HOME))).toBe(expected);
  });
});

describe('isSameHost', () => {
  it.each([
    ['http://agents.example/', 'https://agents.example:1/', true],
    ['http://agents.example/', 'http://www.agents.example/', false],
    ['http://localhost:1/', 'https://127.0.0.1:2/', true],
    ['http://[::1]/', 'http://127.9.9.9/', true],
    ['http://localhost/', 'http://localhost.evil.example/', false],
    ['http://127.0.0.1/', 'http://127.0.0.1.evil.example/', false],
    ['http://0.0.0.0/', 'http://127.0.0.1/', false],
  ])('of %s and %s is %j', (one, other, expected) => {
    expect(isSameHost(new URL(one), new URL(other))).toBe(expected);
    expect(isSameHost(new URL(other), new URL(one))).toBe(expected);
  });
});

describe('mayCarrySecrets', () => {
  it.each([
    ['http://agents.example/', 'https://agents.example/', true],
    ['http://agents.example/', 'http://agents.example:81/', true],
    ['https://agents.example/', 'https://agents.example:81/', true],
    ['https://agents.example/', 'http://agents.example/', false],
    ['https://localhost/', 'http://127.0.0.1:81/', true],
    ['https://agents.example/', 'https://other.example/', false],
    ['http://127.0.0.1/', 'http://evil.example/', false],
  ])('from %s to %s is %j', (first, url, expected) => {
    expect(mayCarrySecrets(new URL(first), new URL(url))).toBe(expected);
  });
});
