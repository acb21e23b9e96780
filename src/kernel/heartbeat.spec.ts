import { heartbeatSchema } from './heartbeat';

const accepts = (heartbeat: unknown) => heartbeatSchema.safeParse(heartbeat).success;

describe('a heartbeat', () => {
  it('may be empty', () => {
    expect(heartbeatSchema.parse({})).toEqual({});
  });

  it('may have the task null', () => {
    expect(heartbeatSchema.parse({ task: null })).toEqual({ task: null });
  });

  it('accepts every member', () => {
    const whole = {
      status: 'degraded',
      message: 'slow today',
      task: 'letter 7',
      busy: true,
      progress: -0.5,
      tokensUsed: 0,
      endpoint: 'http://127.0.0.1:4101',
      healthUrl: 'http://127.0.0.1:4101/health',
    };
    expect(heartbeatSchema.parse(whole)).toEqual(whole);
  });

  it.each([
    ['an unknown member', { state: 'ok' }],
    ['an unknown status', { status: 'fine' }],
    ['a fractional token count', { tokensUsed: 1.5 }],
    ['a negative token count', { tokensUsed: -1 }],
    ['more tokens than an exact integer', { tokensUsed: 2 ** 53 }],
    ['progress as text', { progress: '7' }],
    ['progress that is not a number', { progress: NaN }],
    ['progress without end', { progress: Infinity }],
    ['busy as text', { busy: 'yes' }],
    ['a message that is too long', { message: 'x'.repeat(2001) }],
    ['a task that is too long', { task: 'x'.repeat(2001) }],
    ['text instead of an object', 'ok'],
    ['null', null],
  ])('is refused with %s', (_what, heartbeat) => {
    expect(accepts(heartbeat)).toBe(false);
  });

  describe.each(['endpoint', 'healthUrl'])('announcing a %s', (member) => {
    it.each([
      'http://127.0.0.1:4101/x?y',
      'http://127.8.9.10:1',
      'http://LOCALHOST:80',
      'http://[::1]:4101',
      'http://localhost',
      null,
    ])('accepts %j', (url) => {
      expect(accepts({ [member]: url })).toBe(true);
    });

    it.each([
      ['an https URL', 'https://127.0.0.1:4101'],
      ['a URL of another machine', 'http://10.0.0.7:4101'],
      ['the wildcard address', 'http://0.0.0.0:4101'],
      ['a name that only begins with localhost', 'http://localhost.example.com'],
      ['a name that only begins with a loopback address', 'http://127.0.0.1.example.com'],
      ['a name that may resolve to any address', 'http://agent.test:4101'],
      ['a host hidden behind a user name', 'http://127.0.0.1@example.com'],
      ['a user name', 'http://a@127.0.0.1:4101'],
      ['a password', 'http://:b@127.0.0.1:4101'],
      ['a mapped address', 'http://[::ffff:10.0.0.7]:4101'],
      ['an address written as one number', 'http://2130706433/'],
      ['an address in hexadecimal', 'http://0x7f.1:4101'],
      ['an address that other parsers read as octal', 'http://0177.0.0.1:4101'],
      ['a shortened address', 'http://127.1:4101'],
      ['a URL without slashes', 'http:127.0.0.1:4101'],
      ['an empty user name', 'http://@127.0.0.1:4101'],
      ['letters that look like digits', 'http://\uff11\uff12\uff17.0.0.1:4101'],
      ['a file URL', 'file:///etc/passwd'],
      ['a script URL', 'javascript:alert(1)'],
      ['a relative URL', '/health'],
      ['empty text', ''],
      ['a URL that is too long', `http://127.0.0.1/${'x'.repeat(2048)}`],
      ['a number', 4101],
    ])('refuses %s', (_what, url) => {
      expect(accepts({ [member]: url })).toBe(false);
    });

    it('refuses a URL in which other parsers find another host', () => {
      expect(accepts({ [member]: 'http://127.0.0.1\\@example.com/' })).toBe(false);
    });

    it('refuses control characters, which no database can store', () => {
      expect(accepts({ [member]: 'http://127.0.0.1:4101/\0' })).toBe(false);
    });
  });

  it('is refused with a task that cannot be passed to the next run in a variable', () => {
    expect(accepts({ task: 'letter\0' })).toBe(false);
  });
});
