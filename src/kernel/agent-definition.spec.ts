import fc from 'fast-check';
import { agentDefinitionSchema, agentPatchSchema, isExternal } from './agent-definition';

const least = { agentId: 'agent', name: 'Agent', entryPoint: 'agent.py' };

const faultsOf = (given: object) => {
  const result = agentDefinitionSchema.safeParse({ ...least, ...given });
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
};
const accepts = (given: object) => agentDefinitionSchema.safeParse({ ...least, ...given }).success;

describe('a definition', () => {
  it('has a default for everything but id, name and entry point', () => {
    expect(agentDefinitionSchema.parse(least)).toEqual({
      ...least,
      args: [],
      interpreter: null,
      cwd: null,
      env: {},
      envFrom: [],
      tags: [],
      capabilities: [],
      healthUrl: null,
      endpoint: null,
      apiRole: null,
      maxMemoryMb: null,
      autostart: false,
      policy: {},
    });
  });

  it.each(['agentId', 'name', 'entryPoint'])('needs %s', (member) => {
    expect(faultsOf({ [member]: undefined })).toEqual([member]);
  });

  it('may have everything', () => {
    const whole = {
      args: ['--fast', ''],
      interpreter: 'python3',
      cwd: 'work',
      env: { A: '', _B1: 'two\nlines\tand a tab' },
      envFrom: ['OPENAI_API_KEY'],
      tags: ['core', 'team:blue'],
      capabilities: ['content.generate', 'content.*', 'a'],
      healthUrl: 'https://example.com/health',
      endpoint: 'http://127.0.0.1:4101',
      apiRole: 'operator',
      maxMemoryMb: 0.5,
      autostart: true,
      policy: { restart: 'on-failure', tokenBudget: 1 },
    };
    expect(agentDefinitionSchema.parse({ ...least, ...whole })).toEqual({ ...least, ...whole });
  });

  it.each(['entryPoint', 'interpreter', 'cwd', 'healthUrl', 'endpoint', 'apiRole', 'maxMemoryMb'])(
    'may say null of %s',
    (member) => {
      expect(agentDefinitionSchema.parse({ ...least, [member]: null })).toMatchObject({ [member]: null });
    },
  );

  it.each(['id', 'desiredState', 'registeredAt', 'envfrom', 'HOST'])('refuses %s, which it does not know', (member) => {
    expect(accepts({ [member]: 'x' })).toBe(false);
  });

  it.each([null, 5, 'agent', []])('is not %j', (value) => {
    expect(agentDefinitionSchema.safeParse(value).success).toBe(false);
  });

  it('is external without an entry point', () => {
    expect(isExternal(agentDefinitionSchema.parse({ ...least, entryPoint: null }))).toBe(true);
    expect(isExternal(agentDefinitionSchema.parse(least))).toBe(false);
  });
});

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
    ['policy', { healingIntervalSeconds: 5 }],
  ])('%s may not be %j', (member, value) => {
    expect(faultsOf({ [member]: value }).map((path) => path.split('.')[0])).toContain(member);
  });
});

describe('policy', () => {
  it.each([
    'healthIntervalSeconds',
    'healthTimeoutSeconds',
    'startupGraceSeconds',
    'heartbeatTimeoutSeconds',
    'verifySeconds',
    'stableSeconds',
    'backoffBaseSeconds',
    'backoffMaxSeconds',
    'restartDelaySeconds',
    'circuitFailureThreshold',
    'circuitFailuresPerHour',
    'circuitCooldownSeconds',
    'killTimeoutSeconds',
    'escalationReminderHours',
    'progressTimeoutSeconds',
    'tokenBudget',
    'tokenBudgetWindowSeconds',
    'idleStopSeconds',
  ])('may set %s', (member) => {
    expect(accepts({ policy: { [member]: 7 } })).toBe(true);
  });
});

describe('env', () => {
  it.each(['A', '_', 'OPENAI_API_KEY', 'A1', 'AGENT', 'PM2', 'LD', 'X_AGENT_ID'])('may have the name %s', (name) => {
    expect(accepts({ env: { [name]: 'x' } })).toBe(true);
  });

  it.each(['AGENT_ID', 'AGENT_', 'PM2_HOME', 'PM2_X', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES'])(
    'may not have %s, whose beginning is reserved',
    (name) => {
      expect(accepts({ env: { [name]: 'x' } })).toBe(false);
    },
  );

  it.each(['', 'a', 'pm_exec_path', 'name', 'A-B', 'A B', '1A', 'A=B', 'A\n', 'A\0', 'Ä', 'constructor'])(
    'may not have %j, by which PM2 could be misled',
    (name) => {
      expect(accepts({ env: { [name]: 'x' } })).toBe(false);
    },
  );

  it('may not have a NUL in a value, nor half of a character, but everything else', () => {
    expect(accepts({ env: { A: 'a\0b' } })).toBe(false);
    expect(accepts({ env: { A: 'a\ud83d' } })).toBe(false);
    expect(accepts({ env: { A: '\u{1f600}' } })).toBe(true);
    expect(accepts({ env: { A: 'a\u001b\r\nb' } })).toBe(true);
  });

  it('has at most 256 names', () => {
    const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, '']));
    expect(accepts({ env: names(256) })).toBe(true);
    expect(accepts({ env: names(257) })).toBe(false);
  });

  it('has only names that match the contract, whatever is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const parsed = agentDefinitionSchema.safeParse({ ...least, env: { [name]: '' } });
        // `__proto__` is no name that an object could take over; as a body it is refused before (src/api).
        for (const taken of Object.keys(parsed.data?.env ?? {})) {
          expect(taken).toMatch(/^[A-Z_][A-Z0-9_]*$/);
          expect(taken).not.toMatch(/^(AGENT|PM2|LD|DYLD)_/);
        }
      }),
    );
  });
});

describe('envFrom', () => {
  it.each(['openai_key', 'A-B', '', 'A=1'])('may not name %j', (name) => {
    expect(accepts({ envFrom: [name] })).toBe(false);
  });
});

describe('capabilities', () => {
  it.each(['content.generate', 'a', 'A1.b_c.d-e', 'content.*', 'content.video.*'])('may be %s', (capability) => {
    expect(accepts({ capabilities: [capability] })).toBe(true);
  });

  it.each(['', '*', '.*', '.a', 'a.', 'a..b', 'a.*.b', 'a*', 'a b', 'a,b', '-a', 'a\n', 'é', 'x'.repeat(129)])(
    'may not be %j',
    (capability) => {
      expect(accepts({ capabilities: [capability] })).toBe(false);
    },
  );
});

describe('tags', () => {
  it.each(['', 'a b', 'a,b', '-a', 'a\n', 'x'.repeat(64)])('may not be %j', (tag) => {
    expect(accepts({ tags: [tag] })).toBe(false);
  });
});

it.each(['tags', 'capabilities', 'envFrom'])('%s names nothing twice', (member) => {
  expect(accepts({ [member]: ['A', 'B'] })).toBe(true);
  expect(accepts({ [member]: ['A', 'B', 'A'] })).toBe(false);
});

describe.each(['healthUrl', 'endpoint'])('%s', (member) => {
  it.each(['http://localhost:3106/health', 'https://example.com', null])('may be %j', (url) => {
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
  ])('may not be %j', (url) => {
    expect(faultsOf({ [member]: url })).toEqual([member]);
  });

  it('may not have control characters, which no database and no variable takes', () => {
    expect(faultsOf({ [member]: 'http://example.com/\0' })).toEqual([member]);
  });
});

describe.each(['name', 'entryPoint', 'interpreter', 'cwd', 'args'])('the text of %s', (member) => {
  const given = (text: string) => ({ [member]: member === 'args' ? [text] : text });

  it.each(['\0', '\u0007', '\u001b', '\r', '\u000b', '\u007f'])(
    'may not hold the control character %j',
    (character) => {
      expect(accepts(given(`a${character}b`))).toBe(false);
    },
  );

  it('may hold tabs and line feeds', () => {
    expect(accepts(given('a\tb\nc'))).toBe(true);
  });

  it('may not hold half a character, which no database keeps as it is', () => {
    expect(accepts(given('a\ud800b'))).toBe(false);
  });
});

describe('a patch', () => {
  it('changes nothing that it does not name: it has no defaults', () => {
    expect(agentPatchSchema.parse({})).toEqual({});
    expect(agentPatchSchema.parse({ tags: ['x'] })).toEqual({ tags: ['x'] });
  });

  it('may take a variable away by null', () => {
    expect(agentPatchSchema.parse({ env: { A: null, B: 'x' } })).toEqual({ env: { A: null, B: 'x' } });
  });

  it.each([
    { agentId: 'other' },
    { id: 'x' },
    { desiredState: 'running' },
    { name: null },
    { name: '' },
    { env: null },
    { env: { PM2_HOME: null } },
    { env: { 'a-b': 'x' } },
    { env: { A: 'a\0b' } },
    { env: { A: '\udc00' } },
    { env: { A: 'x'.repeat(32_769) } },
    { tags: ['A', 'A'] },
    { healthUrl: 'ftp://example.com' },
    { policy: { unknown: 1 } },
  ])('keeps to the same rules: %j is refused', (patch) => {
    expect(agentPatchSchema.safeParse(patch).success).toBe(false);
  });
});
