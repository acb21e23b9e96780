import fc from 'fast-check';
import { definitionOf } from '../../test/support/definitions';
import { Problem } from '../kernel';
import { changedMembers, maskedEnv, patched } from './agent-patch';

const before = definitionOf({ env: { A: 'one', B: 'two' }, tags: ['x'], policy: { verifySeconds: 1 } });

function faultsOf(patch: Parameters<typeof patched>[1], definition = before): unknown {
  try {
    patched(definition, patch);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request')
      return error.errors?.map(({ pointer }) => pointer);
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('patched', () => {
  it('replaces what is named, and leaves the rest', () => {
    expect(patched(before, { name: 'New', tags: [] })).toEqual({ ...before, name: 'New', tags: [] });
    expect(patched(before, {})).toEqual(before);
  });

  it('replaces a policy as a whole', () => {
    expect(patched(before, { policy: { stableSeconds: 2 } }).policy).toEqual({ stableSeconds: 2 });
  });

  it.each([
    ['adds a name', { C: 'three' }, { A: 'one', B: 'two', C: 'three' }],
    ['changes a value', { A: 'new' }, { A: 'new', B: 'two' }],
    ['empties a value', { A: '' }, { A: '', B: 'two' }],
    ['removes a name by null', { A: null }, { B: 'two' }],
    ['removes nothing where there is nothing', { C: null }, { A: 'one', B: 'two' }],
    ['keeps a value by ***', { A: '***' }, { A: 'one', B: 'two' }],
    ['does all of it at once', { A: null, B: '***', C: 'three' }, { B: 'two', C: 'three' }],
    ['leaves everything where it names nothing', {}, { A: 'one', B: 'two' }],
  ])('of env %s', (_what, env, expected) => {
    expect(patched(before, { env }).env).toEqual(expected);
  });

  it('refuses *** where nothing is stored, by each name', () => {
    expect(faultsOf({ env: { C: '***', A: '***', D: '***' } })).toEqual(['/env/C', '/env/D']);
  });

  it('keeps to the rules of a definition with what comes out of it', () => {
    const names = (letter: string) =>
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${letter}${index}`, '']));
    expect(faultsOf({ env: names('C') }, definitionOf({ env: names('B') }))).toEqual(['/env']);
  });

  it('makes no external agent of a managed one, nor the reverse', () => {
    expect(faultsOf({ entryPoint: null })).toEqual(['/entryPoint']);
    const external = definitionOf({ entryPoint: null });
    expect(faultsOf({ entryPoint: 'a.py' }, external)).toEqual(['/entryPoint']);
    expect(patched(external, { entryPoint: null }).entryPoint).toBeNull();
    expect(patched(external, { name: 'New' }).name).toBe('New');
    expect(patched(before, { entryPoint: 'other.py' }).entryPoint).toBe('other.py');
  });

  it('does not touch the definition that it is laid over', () => {
    const copy = structuredClone(before);
    patched(before, { env: { A: null, C: 'x' }, tags: ['y'] });
    expect(before).toEqual(copy);
  });

  it('takes back what a reader was shown, and changes nothing by it', () => {
    const names = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,5}$/), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(names, (env) => {
        const clean = Object.fromEntries(
          Object.entries(env).filter(([name, value]) => !name.startsWith('LD_') && !value.includes('\0')),
        );
        const definition = definitionOf({ env: clean });
        expect(patched(definition, { env: maskedEnv(definition.env) })).toEqual(definition);
      }),
    );
  });
});

describe('maskedEnv', () => {
  it('shows names only', () => {
    expect(maskedEnv({ A: 'secret', B: '' })).toEqual({ A: '***', B: '***' });
  });
});

describe('changedMembers', () => {
  it('names the members that differ, however deep', () => {
    expect(changedMembers(before, before)).toEqual([]);
    expect(changedMembers(before, structuredClone(before))).toEqual([]);
    const after = { ...before, name: 'New', env: { A: 'one' }, policy: { verifySeconds: 2 } };
    expect([...changedMembers(before, after)].sort()).toEqual(['env', 'name', 'policy']);
  });

  it('does not mind in which order an object holds its names', () => {
    expect(changedMembers(before, { ...before, env: { B: 'two', A: 'one' } })).toEqual([]);
  });
});
