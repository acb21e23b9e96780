import { accepts, faultsOf } from '../../test/support/definitions';

describe('types and ranges', () => {
  it.each([
    ['agentId', 'Agent'],
    ['name', ''],
    ['name', 'x'.repeat(201)],
    ['entryPoint', ''],
    ['entryPoint', 'x'.repeat(1025)],
    ['args', '--fast'],
    ['args', [5]],
    ['args', ['x'.repeat(8193)]],
    ['args', Array.from({ length: 257 }, () => 'x')],
    ['interpreter', ''],
    ['cwd', ''],
    ['env', ['A=1']],
    ['env', { A: 1 }],
    ['env', { A: null }],
    ['env', { A: 'x'.repeat(32_769) }],
    ['envFrom', 'OPENAI_API_KEY'],
    ['healthHeaders', 'Authorization: x'],
    ['healthHeaders', { Authorization: 1 }],
    ['healthHeaders', { Authorization: null }],
    ['healthHeaders', { A: 'x'.repeat(8_193) }],
    ['healthHeaders', Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`X-${index}`, 'x']))],
    ['healthHeaders', { A: 'x'.repeat(8_000), B: 'x'.repeat(8_000) }],
    ['tags', Array.from({ length: 65 }, (_, index) => `t${index}`)],
    ['capabilities', Array.from({ length: 257 }, (_, index) => `c${index}`)],
    ['envFrom', Array.from({ length: 257 }, (_, index) => `E${index}`)],
    ['apiRole', 'admin'],
    ['maxMemoryMb', 0],
    ['maxMemoryMb', -1],
    ['maxMemoryMb', 16_777_217],
    ['maxMemoryMb', '128'],
    ['maxMemoryMb', Number.POSITIVE_INFINITY],
    ['autostart', 'true'],
    ['autostart', null],
    ['policy', { restart: 'sometimes' }],
    ['policy', { verifySeconds: -1 }],
    ['policy', { backoffBaseSeconds: 0 }],
    ['policy', { healthIntervalSeconds: 86_401 }],
    ['policy', { circuitFailureThreshold: 0 }],
    ['policy', { circuitFailuresPerHour: 1.5 }],
    ['policy', { tokenBudget: 0 }],
    ['policy', { selfFailingSeconds: 0 }],
    ['policy', { otel: 'yes' }],
    ['policy', { healingIntervalSeconds: 5 }],
  ])('refuse %s = %j', (member, value) => {
    expect(faultsOf({ [member]: value }).map((path) => path.split('.')[0])).toContain(member);
  });
});

describe('capabilities', () => {
  it.each(['content.generate', 'a', 'A1.b_c.d-e', 'content.*', 'content.video.*'])('accepts %s', (capability) => {
    expect(accepts({ capabilities: [capability] })).toBe(true);
  });

  it.each(['', '*', '.*', '.a', 'a.', 'a..b', 'a.*.b', 'a*', 'a b', 'a,b', '-a', 'a\n', 'é', 'x'.repeat(129)])(
    'refuses %j',
    (capability) => {
      expect(accepts({ capabilities: [capability] })).toBe(false);
    },
  );
});

describe('tags', () => {
  it.each(['', 'a b', 'a,b', '-a', 'a\n', 'x'.repeat(64)])('refuses %j', (tag) => {
    expect(accepts({ tags: [tag] })).toBe(false);
  });
});

it.each(['tags', 'capabilities', 'envFrom'])('refuses duplicates in %s', (member) => {
  expect(accepts({ [member]: ['A', 'B'] })).toBe(true);
  expect(accepts({ [member]: ['A', 'B', 'A'] })).toBe(false);
});

describe.each(['healthUrl', 'endpoint'])('%s', (member) => {
  it.each(['http://localhost:3106/health', 'https://example.com', null])('accepts %j', (url) => {
    expect(accepts({ [member]: url })).toBe(true);
  });

  it.each([
    '',
    '/health',
    'localhost:3106',
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://',
    'http://user@example.com',
    'http://:secret@example.com',
    `http://example.com/${'x'.repeat(2048)}`,
    5,
  ])('refuses %j', (url) => {
    expect(faultsOf({ [member]: url })).toEqual([member]);
  });

  it('refuses control characters, which neither a database nor a variable can store', () => {
    expect(faultsOf({ [member]: 'http://example.com/\0' })).toEqual([member]);
  });
});

describe.each(['name', 'entryPoint', 'interpreter', 'cwd', 'args'])('the text of %s', (member) => {
  const given = (text: string) => ({ [member]: member === 'args' ? [text] : text });

  it.each(['\0', '\u0007', '\u001b', '\r', '\u000b', '\u007f'])('refuses the control character %j', (character) => {
    expect(accepts(given(`a${character}b`))).toBe(false);
  });

  it('accepts tabs and line feeds', () => {
    expect(accepts(given('a\tb\nc'))).toBe(true);
  });

  it('refuses an unpaired surrogate, which no database stores unchanged', () => {
    expect(accepts(given('a\ud800b'))).toBe(false);
  });
});
