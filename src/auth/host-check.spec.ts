import fc from 'fast-check';
import { hostsOfRequest, isAllowedHost } from './host-check';

describe('an allowed Host header', () => {
  it.each(['localhost', 'localhost:3100', 'LOCALHOST:3100', '127.0.0.1', '127.0.0.1:80', '[::1]', '[::1]:3100'])(
    'may be %s, whatever else is allowed',
    (header) => {
      expect(isAllowedHost(header, [])).toBe(true);
      expect(isAllowedHost(header, ['other.test'])).toBe(true);
    },
  );

  it.each([
    ['agents.test', 'agents.test'],
    ['agents.test:3100', 'agents.test'],
    ['AGENTS.test:3100', 'agents.TEST'],
    ['AGENTS.test:8080', 'agents.TEST:8080'],
    ['agents.test:8080', 'agents.test:8080'],
    ['10.0.0.7:3100', '10.0.0.7'],
    ['[fd00::7]:3100', 'fd00::7'],
    ['[fd00::7]', '[fd00::7]'],
    ['my_host-1', 'my_host-1'],
  ])('may be %s if %s is allowed', (header, allowed) => {
    expect(isAllowedHost(header, [allowed])).toBe(true);
    expect(isAllowedHost(header, [])).toBe(false);
  });
});

describe('a refused Host header', () => {
  it.each([
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    'example.com:3100',
    '127.0.0.1.example.com',
    'xlocalhost',
    'localhost:3100:80',
    'localhost:123456',
    'localhost:x',
    'localhost ',
    ' localhost',
    'localhost\n',
    'localhost/',
    'user@localhost',
    'localhost,example.com',
    '::1',
    '[::1',
    '127.0.0.2',
    'agents.test.',
    'x'.repeat(256),
  ])('is %j', (header) => {
    expect(isAllowedHost(header, ['agents.test'])).toBe(false);
  });

  it('has another port than the allowed one', () => {
    expect(isAllowedHost('agents.test:8081', ['agents.test:8080'])).toBe(false);
  });

  it('is no valid host name, even if the settings allow it', () => {
    for (const header of ['user@localhost', 'a b', 'a/b', 'x'.repeat(256)])
      expect(isAllowedHost(header, [header])).toBe(false);
  });

  it('may be any name that is not allowed', () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat(65_535), (name, port) => {
        expect(isAllowedHost(`${name}:${port}`, ['agents.test'])).toBe(name === 'agents.test');
      }),
    );
  });
});

describe('the hosts that a request names', () => {
  it.each<[string, readonly string[] | undefined, string, (string | undefined)[]]>([
    ['one with a single header', ['localhost'], '/api/agents', ['localhost']],
    ['none without a header', undefined, '/api/agents', [undefined]],
    ['two if the header occurs twice', ['localhost', 'evil.test'], '/', ['localhost', 'evil.test']],
    ['a second one in the target', ['localhost'], 'http://evil.test:80/api', ['localhost', 'evil.test']],
    ['the same one in the target', ['localhost:3100'], 'HTTP://localhost:3100/', ['localhost:3100', 'localhost:3100']],
    ['one that cannot be parsed', ['localhost'], 'http://[/', ['localhost', undefined]],
    ['an empty one in a target without a host', ['localhost'], 'file:///etc', ['localhost', '']],
    ['no second one in a path that looks like a host', ['localhost'], '//evil.test/x', ['localhost']],
    ['no second one in the target *', ['localhost'], '*', ['localhost']],
  ])('are %s', (_what, headers, target, hosts) => {
    expect(hostsOfRequest(headers, target)).toEqual(hosts);
  });
});
