import { heartbeatSchema } from './heartbeat';

const accepts = (heartbeat: unknown) => heartbeatSchema.safeParse(heartbeat).success;

describe('a heartbeat', () => {
  it('may say nothing at all', () => {
    expect(heartbeatSchema.parse({})).toEqual({});
  });

  it('may say that it works on nothing now', () => {
    expect(heartbeatSchema.parse({ task: null })).toEqual({ task: null });
  });

  it('may say everything', () => {
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
    ['tokens that are no whole number', { tokensUsed: 1.5 }],
    ['less than no tokens', { tokensUsed: -1 }],
    ['progress in words', { progress: '7' }],
    ['busy in words', { busy: 'yes' }],
    ['a message without end', { message: 'x'.repeat(2001) }],
    ['a task without end', { task: 'x'.repeat(2001) }],
    ['no object', 'ok'],
    ['null', null],
  ])('is refused with %s', (_what, heartbeat) => {
    expect(accepts(heartbeat)).toBe(false);
  });

  describe.each(['endpoint', 'healthUrl'])('announces a %s', (member) => {
    it.each([
      'http://127.0.0.1:4101/x?y',
      'http://127.8.9.10:1',
      'http://LOCALHOST:80',
      'http://[::1]:4101',
      'http://localhost',
      null,
    ])('that is %j', (url) => {
      expect(accepts({ [member]: url })).toBe(true);
    });

    it.each([
      ['encrypted, which no agent here is', 'https://127.0.0.1:4101'],
      ['of another machine', 'http://10.0.0.7:4101'],
      ['of every address', 'http://0.0.0.0:4101'],
      ['of a name that only begins like ours', 'http://localhost.example.com'],
      ['of a name that only begins like an address', 'http://127.0.0.1.example.com'],
      ['of a name that may be resolved to anything', 'http://agent.test:4101'],
      ['with a user name before the host', 'http://127.0.0.1@example.com'],
      ['with a user name', 'http://a@127.0.0.1:4101'],
      ['with a password', 'http://:b@127.0.0.1:4101'],
      ['a mapped address', 'http://[::ffff:10.0.0.7]:4101'],
      ['a number in place of an address', 'http://2130706433/'],
      ['an address in hexadecimal', 'http://0x7f.1:4101'],
      ['an address that others read as octal', 'http://0177.0.0.1:4101'],
      ['an address cut short', 'http://127.1:4101'],
      ['without its slashes', 'http:127.0.0.1:4101'],
      ['with an empty user name', 'http://@127.0.0.1:4101'],
      ['in letters that only look like digits', 'http://\uff11\uff12\uff17.0.0.1:4101'],
      ['a file', 'file:///etc/passwd'],
      ['a script', 'javascript:alert(1)'],
      ['relative', '/health'],
      ['empty', ''],
      ['too long', `http://127.0.0.1/${'x'.repeat(2048)}`],
      ['a number', 4101],
    ])('but none that is %s', (_what, url) => {
      expect(accepts({ [member]: url })).toBe(false);
    });

    it('but none that other readers of URLs take for another host', () => {
      expect(accepts({ [member]: 'http://127.0.0.1\\@example.com/' })).toBe(false);
    });

    it('but none with control characters, which no database takes', () => {
      expect(accepts({ [member]: 'http://127.0.0.1:4101/\0' })).toBe(false);
    });
  });

  it('is refused with a task that cannot be handed to the next run in a variable', () => {
    expect(accepts({ task: 'letter\0' })).toBe(false);
  });
});
