import { LEAST, accepts, faultsOf } from '../../test/support/definitions';
import { agentDefinitionSchema, agentPatchSchema, isExternal } from './agent-definition';

describe('a definition', () => {
  it('has a default for every member except id, name and entry point', () => {
    expect(agentDefinitionSchema.parse(LEAST)).toEqual({
      ...LEAST,
      args: [],
      interpreter: null,
      cwd: null,
      env: {},
      envFrom: [],
      tags: [],
      capabilities: [],
      healthUrl: null,
      healthHeaders: {},
      endpoint: null,
      apiRole: null,
      maxMemoryMb: null,
      autostart: false,
      policy: {},
    });
  });

  it.each(['agentId', 'name', 'entryPoint'])('requires %s', (member) => {
    expect(faultsOf({ [member]: undefined })).toEqual([member]);
  });

  it('accepts every member', () => {
    const whole = {
      args: ['--fast', ''],
      interpreter: 'python3',
      cwd: 'work',
      env: { A: '', _B1: 'two\nlines\tand a tab' },
      envFrom: ['OPENAI_API_KEY'],
      tags: ['core', 'team:blue'],
      capabilities: ['content.generate', 'content.*', 'a'],
      healthUrl: 'https://example.com/health',
      healthHeaders: { Authorization: 'Bearer secret', 'X-Api-Key': 'a b\tc' },
      endpoint: 'http://127.0.0.1:4101',
      apiRole: 'operator',
      maxMemoryMb: 0.5,
      autostart: true,
      policy: { restart: 'on-failure', tokenBudget: 1 },
    };
    expect(agentDefinitionSchema.parse({ ...LEAST, ...whole })).toEqual({ ...LEAST, ...whole });
  });

  it.each(['entryPoint', 'interpreter', 'cwd', 'healthUrl', 'endpoint', 'apiRole', 'maxMemoryMb'])(
    'accepts null for %s',
    (member) => {
      expect(agentDefinitionSchema.parse({ ...LEAST, [member]: null })).toMatchObject({ [member]: null });
    },
  );

  it.each(['id', 'desiredState', 'registeredAt', 'envfrom', 'HOST'])('refuses the unknown member %s', (member) => {
    expect(accepts({ [member]: 'x' })).toBe(false);
  });

  it.each([null, 5, 'agent', []])('refuses %j instead of an object', (value) => {
    expect(agentDefinitionSchema.safeParse(value).success).toBe(false);
  });

  it('is external without an entry point', () => {
    expect(isExternal(agentDefinitionSchema.parse({ ...LEAST, entryPoint: null }))).toBe(true);
    expect(isExternal(agentDefinitionSchema.parse(LEAST))).toBe(false);
  });
});

describe('a patch', () => {
  it('has no defaults, so it changes only the members that it names', () => {
    expect(agentPatchSchema.parse({})).toEqual({});
    expect(agentPatchSchema.parse({ tags: ['x'] })).toEqual({ tags: ['x'] });
  });

  it('accepts null to remove a variable', () => {
    expect(agentPatchSchema.parse({ env: { A: null, B: 'x' } })).toEqual({ env: { A: null, B: 'x' } });
  });

  it.each([
    { agentId: 'other' },
    { id: 'x' },
    { desiredState: 'running' },
    { name: null },
    { name: '' },
    { env: null },
    { healthHeaders: null },
    { healthHeaders: { Host: null } },
    { healthHeaders: { 'a b': null } },
    { healthHeaders: { A: 'a\nb' } },
    { env: { PM2_HOME: null } },
    { env: { 'a-b': 'x' } },
    { env: { A: 'a\0b' } },
    { env: { A: '\udc00' } },
    { env: { A: 'x'.repeat(32_769) } },
    { tags: ['A', 'A'] },
    { healthUrl: 'ftp://example.com' },
    { policy: { unknown: 1 } },
  ])('refuses %j by the rules of a definition', (patch) => {
    expect(agentPatchSchema.safeParse(patch).success).toBe(false);
  });
});
