import fc from 'fast-check';
import { Problem } from '../kernel';
import { readSettings, SETTING_NAMES } from './settings';

function refusalOf(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request') return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Defaults as the contract states them; undefined means no default. */
const DEFAULTS = {
  HOST: '127.0.0.1',
  PORT: 3100,
  DATA_DIR: './data',
  PM2_HOME: undefined,
  AGENTS_DIR: './examples/agents',
  API_TOKENS: [],
  HEALTH_INTERVAL_SECONDS: 15,
  HEALTH_TIMEOUT_SECONDS: 5,
  HEALING_INTERVAL_SECONDS: 5,
  STARTUP_GRACE_SECONDS: 30,
  HEARTBEAT_TIMEOUT_SECONDS: 60,
  VERIFY_SECONDS: 10,
  STABLE_SECONDS: 60,
  BACKOFF_BASE_SECONDS: 1,
  BACKOFF_MAX_SECONDS: 300,
  RESTART_DELAY_SECONDS: 0,
  LAUNCH_CONCURRENCY: 8,
  CIRCUIT_FAILURE_THRESHOLD: 5,
  CIRCUIT_FAILURES_PER_HOUR: 20,
  CIRCUIT_COOLDOWN_SECONDS: 60,
  KILL_TIMEOUT_SECONDS: 10,
  TELEGRAM_BOT_TOKEN: undefined,
  TELEGRAM_CHAT_IDS: [],
  TELEGRAM_API_ROOT: undefined,
  SUPABASE_URL: undefined,
  SUPABASE_SERVICE_ROLE_KEY: undefined,
  INSTANCE_ID: undefined,
  RESTORE_FROM: undefined,
  ALLOWED_HOSTS: [],
  RATE_LIMIT_PER_MINUTE: 3000,
  DEADMAN_URL: undefined,
  INTERPRETERS: ['python3', 'python', 'node', 'bash', 'sh', 'bun', 'deno', 'ruby', 'none'],
  HEALTH_LOG_RETENTION_DAYS: 7,
  EVENT_RETENTION_DAYS: 90,
  ESCALATION_REMINDER_HOURS: 4,
  LOG_LEVEL: 'info',
};

describe('the defaults', () => {
  const settings: Readonly<Record<string, unknown>> = readSettings({});

  it.each(Object.entries(DEFAULTS))('%s is %j', (name, value) => {
    expect(settings[name]).toEqual(value);
  });

  it('cover every setting', () => {
    expect([...SETTING_NAMES].sort()).toEqual(Object.keys(DEFAULTS).sort());
  });

  it('are frozen', () => {
    expect(Object.isFrozen(settings)).toBe(true);
  });
});

describe('a setting', () => {
  it.each([
    ['PORT', '0', 0],
    ['PORT', ' 8080 ', 8080],
    ['HEALTH_INTERVAL_SECONDS', '0.5', 0.5],
    ['RATE_LIMIT_PER_MINUTE', '0', 0],
    ['ESCALATION_REMINDER_HOURS', '0', 0],
    ['VERIFY_SECONDS', '0', 0],
    ['HOST', '0.0.0.0', '0.0.0.0'],
    ['ALLOWED_HOSTS', ' a.test , ,b.test,', ['a.test', 'b.test']],
    ['INTERPRETERS', 'python3', ['python3']],
    ['TELEGRAM_CHAT_IDS', '-100,42', ['-100', '42']],
    ['LOG_LEVEL', 'debug', 'debug'],
  ])('%s=%s is read as %j', (name, text, value) => {
    expect(readSettings({ [name]: text })).toMatchObject({ [name]: value });
  });

  it.each(Object.keys(DEFAULTS))('%s with an empty value counts as not set', (name) => {
    expect(readSettings({ [name]: '  ' })).toEqual(readSettings({}));
  });

  it('of another program is ignored', () => {
    expect(readSettings({ PATH: '/bin', OPENAI_API_KEY: 'x' })).toEqual(readSettings({}));
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['HEALTH_INTERVAL_SECONDS', '0'],
    ['HEALTH_TIMEOUT_SECONDS', '-5'],
    ['HEALING_INTERVAL_SECONDS', 'often'],
    ['HEARTBEAT_TIMEOUT_SECONDS', '86401'],
    ['VERIFY_SECONDS', '-1'],
    ['STARTUP_GRACE_SECONDS', '86401'],
    ['BACKOFF_BASE_SECONDS', '0'],
    ['LAUNCH_CONCURRENCY', '0'],
    ['CIRCUIT_FAILURE_THRESHOLD', '0'],
    ['CIRCUIT_FAILURES_PER_HOUR', '1.5'],
    ['CIRCUIT_COOLDOWN_SECONDS', '0'],
    ['KILL_TIMEOUT_SECONDS', 'Infinity'],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['HEALTH_LOG_RETENTION_DAYS', '0'],
    ['EVENT_RETENTION_DAYS', 'NaN'],
    ['EVENT_RETENTION_DAYS', '-1'],
    ['ESCALATION_REMINDER_HOURS', '-1'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s is refused with its name', (name, text) => {
    expect(refusalOf({ [name]: text })).toContain(`${name}: `);
  });
});

describe('a refusal', () => {
  it('names every wrong setting at once', () => {
    const detail = refusalOf({ PORT: 'x', LOG_LEVEL: 'y', API_TOKENS: 'z' });
    for (const name of ['PORT', 'LOG_LEVEL', 'API_TOKENS']) expect(detail).toContain(`${name}: `);
  });

  it('never shows a value, because it may be a misplaced secret', () => {
    const secret = fc.stringMatching(/^[g-zG-Z]{24}$/);
    const named = fc.constantFrom('PORT', 'HEALTH_INTERVAL_SECONDS', 'LOG_LEVEL', 'API_TOKENS', 'EVENT_RETENTION_DAYS');
    fc.assert(
      fc.property(named, secret, (name, value) => {
        expect(refusalOf({ [name]: value })).not.toContain(value);
      }),
    );
  });

  it('covers BACKOFF_MAX_SECONDS below BACKOFF_BASE_SECONDS', () => {
    const detail = refusalOf({ BACKOFF_BASE_SECONDS: '60', BACKOFF_MAX_SECONDS: '59' });
    expect(detail).toContain('BACKOFF_MAX_SECONDS');
    expect(detail).toContain('BACKOFF_BASE_SECONDS');
    expect(readSettings({ BACKOFF_BASE_SECONDS: '60', BACKOFF_MAX_SECONDS: '60' }).BACKOFF_MAX_SECONDS).toBe(60);
  });

  it('covers BACKOFF_BASE_SECONDS above the default of BACKOFF_MAX_SECONDS', () => {
    expect(refusalOf({ BACKOFF_BASE_SECONDS: '301' })).toContain('BACKOFF_MAX_SECONDS');
  });
});

describe('API_TOKENS', () => {
  const one = 'a'.repeat(16);
  const two = 'b'.repeat(16);

  it('is a list of roles and tokens, and a token may contain a colon', () => {
    const { API_TOKENS } = readSettings({ API_TOKENS: `viewer:${one}, operator:${two},admin:c:${one},` });
    expect(API_TOKENS).toEqual([
      { role: 'viewer', token: one },
      { role: 'operator', token: two },
      { role: 'admin', token: `c:${one}` },
    ]);
  });

  it.each([
    ['a token without a role', one],
    ['an unknown role', `root:${one}`],
    ['a role in capital letters', `Admin:${one}`],
    ['no role before the colon', `:${one}`],
    ['a short token', `admin:${'a'.repeat(15)}`],
    ['an empty token', 'admin:'],
    ['a token with a space', `admin:aaaaaaaa aaaaaaaa`],
    ['a token that a header cannot carry', `admin:${'ä'.repeat(16)}`],
    ['a token with two roles', `admin:${one},viewer:${one}`],
  ])('refuses %s, and does not show it', (_what, value) => {
    const detail = refusalOf({ API_TOKENS: value });
    expect(detail).toMatch(/API_TOKENS: entry \d /);
    expect(detail).not.toContain('aaaa');
  });

  it('says which entry is wrong', () => {
    expect(refusalOf({ API_TOKENS: `admin:${one},viewer:short` })).toContain('entry 2 ');
  });
});
