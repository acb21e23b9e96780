import fc from 'fast-check';
import { LEAST, accepts } from '../../test/support/definitions';
import { agentDefinitionSchema } from './agent-definition';

describe('env', () => {
  it.each(['A', '_', 'OPENAI_API_KEY', 'A1', 'AGENT', 'PM2', 'LD', 'X_AGENT_ID'])('accepts the name %s', (name) => {
    expect(accepts({ env: { [name]: 'x' } })).toBe(true);
  });

  it.each(['AGENT_ID', 'AGENT_', 'PM2_HOME', 'PM2_X', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES'])(
    'refuses %s, which has a reserved prefix',
    (name) => {
      expect(accepts({ env: { [name]: 'x' } })).toBe(false);
    },
  );

  it.each(['', 'a', 'pm_exec_path', 'name', 'A-B', 'A B', '1A', 'A=B', 'A\n', 'A\0', 'Ä', 'constructor'])(
    'refuses the name %j, which PM2 could misread',
    (name) => {
      expect(accepts({ env: { [name]: 'x' } })).toBe(false);
    },
  );

  it('refuses NUL and unpaired surrogates in values, and accepts all other characters', () => {
    expect(accepts({ env: { A: 'a\0b' } })).toBe(false);
    expect(accepts({ env: { A: 'a\ud83d' } })).toBe(false);
    expect(accepts({ env: { A: '\u{1f600}' } })).toBe(true);
    expect(accepts({ env: { A: 'a\u001b\r\nb' } })).toBe(true);
  });

  it('accepts at most 256 names', () => {
    const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, '']));
    expect(accepts({ env: names(256) })).toBe(true);
    expect(accepts({ env: names(257) })).toBe(false);
  });

  it('accepts only names that match the contract, for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const parsed = agentDefinitionSchema.safeParse({ ...LEAST, env: { [name]: '' } });
        // zod drops a `__proto__` key. In a request body, `src/api` refuses it earlier.
        for (const taken of Object.keys(parsed.data?.env ?? {})) {
          expect(taken).toMatch(/^[A-Z_][A-Z0-9_]*$/);
          expect(taken).not.toMatch(/^(AGENT|PM2|LD|DYLD)_/);
        }
      }),
    );
  });
});

describe('envFrom', () => {
  it.each(['openai_key', 'A-B', '', 'A=1'])('refuses the name %j', (name) => {
    expect(accepts({ envFrom: [name] })).toBe(false);
  });
});
