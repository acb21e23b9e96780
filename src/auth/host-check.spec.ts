import fc from 'fast-check';
import { hostsNamed, isOurHost } from './host-check';

describe('a Host header that is ours', () => {
  it.each(['localhost', 'localhost:3100', 'LOCALHOST:3100', '127.0.0.1', '127.0.0.1:80', '[::1]', '[::1]:3100'])(
    'is %s, whatever is allowed besides',
    (header) => {
      expect(isOurHost(header, [])).toBe(true);
      expect(isOurHost(header, ['other.test'])).toBe(true);
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
  ])('is %s where %s is allowed', (header, allowed) => {
    expect(isOurHost(header, [allowed])).toBe(true);
    expect(isOurHost(header, [])).toBe(false);
  });
});

describe('a Host header that is not ours', () => {
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
    expect(isOurHost(header, ['agents.test'])).toBe(false);
  });

  it('with another port than the one that is allowed', () => {
    expect(isOurHost('agents.test:8081', ['agents.test:8080'])).toBe(false);
  });

  it('is what no host can be called, even where somebody allows it', () => {
    for (const header of ['user@localhost', 'a b', 'a/b', 'x'.repeat(256)])
      expect(isOurHost(header, [header])).toBe(false);
  });

  it('is every name that is not allowed', () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat(65_535), (name, port) => {
        expect(isOurHost(`${name}:${port}`, ['agents.test'])).toBe(name === 'agents.test');
      }),
    );
  });
});

describe('the hosts that a request names', () => {
  it.each<[string, readonly string[] | undefined, string, (string | undefined)[]]>([
    ['one, as a rule', ['localhost'], '/api/agents', ['localhost']],
    ['none', undefined, '/api/agents', [undefined]],
    ['two, where the header is there twice', ['localhost', 'evil.test'], '/', ['localhost', 'evil.test']],
    ['another one in its target', ['localhost'], 'http://evil.test:80/api', ['localhost', 'evil.test']],
    ['the same one in its target', ['localhost:3100'], 'HTTP://localhost:3100/', ['localhost:3100', 'localhost:3100']],
    ['one that nobody can read', ['localhost'], 'http://[/', ['localhost', undefined]],
    ['none in a scheme without hosts', ['localhost'], 'file:///etc', ['localhost', '']],
    ['no other one in a path that looks like one', ['localhost'], '//evil.test/x', ['localhost']],
    ['no other one in a star', ['localhost'], '*', ['localhost']],
  ])('are %s', (_what, headers, target, hosts) => {
    expect(hostsNamed(headers, target)).toEqual(hosts);
  });
});
