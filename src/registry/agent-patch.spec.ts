import fc from 'fast-check';
import { definitionOf } from '../../test/support/definitions';
import { Problem } from '../kernel';
import { diffMembers, maskValues, applyPatch } from './agent-patch';

const before = definitionOf({ env: { A: 'one', B: 'two' }, tags: ['x'], policy: { verifySeconds: 1 } });

function faultsOf(patch: Parameters<typeof applyPatch>[1], definition = before): unknown {
  try {
    applyPatch(definition, patch);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid-request')
      return error.errors?.map(({ pointer }) => pointer);
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('applyPatch', () => {
  it('replaces the named members, and keeps the others', () => {
    expect(applyPatch(before, { name: 'New', tags: [] })).toEqual({ ...before, name: 'New', tags: [] });
    expect(applyPatch(before, {})).toEqual(before);
  });

  it('replaces a policy as a whole', () => {
    expect(applyPatch(before, { policy: { stableSeconds: 2 } }).policy).toEqual({ stableSeconds: 2 });
  });

  it.each([
    ['adds a name', { C: 'three' }, { A: 'one', B: 'two', C: 'three' }],
    ['changes a value', { A: 'new' }, { A: 'new', B: 'two' }],
    ['empties a value', { A: '' }, { A: '', B: 'two' }],
    ['removes a name by null', { A: null }, { B: 'two' }],
    ['ignores null for an unknown name', { C: null }, { A: 'one', B: 'two' }],
    ['keeps a value by ***', { A: '***' }, { A: 'one', B: 'two' }],
    ['applies all of it at once', { A: null, B: '***', C: 'three' }, { B: 'two', C: 'three' }],
    ['keeps everything if it is empty', {}, { A: 'one', B: 'two' }],
  ])('with env %s', (_what, env, expected) => {
    expect(applyPatch(before, { env }).env).toEqual(expected);
  });

  it('refuses *** for each name without a stored value', () => {
    expect(faultsOf({ env: { C: '***', A: '***', D: '***' } })).toEqual(['/env/C', '/env/D']);
  });

  it('refuses a result that breaks the rules of a definition', () => {
    const names = (letter: string) =>
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${letter}${index}`, '']));
    expect(faultsOf({ env: names('C') }, definitionOf({ env: names('B') }))).toEqual(['/env']);
  });

  it('refuses to turn a managed agent into an external one, or the reverse', () => {
    expect(faultsOf({ entryPoint: null })).toEqual(['/entryPoint']);
    const external = definitionOf({ entryPoint: null });
    expect(faultsOf({ entryPoint: 'a.py' }, external)).toEqual(['/entryPoint']);
    expect(applyPatch(external, { entryPoint: null }).entryPoint).toBeNull();
    expect(applyPatch(external, { name: 'New' }).name).toBe('New');
    expect(applyPatch(before, { entryPoint: 'other.py' }).entryPoint).toBe('other.py');
  });

  it('does not change the definition that it is applied to', () => {
    const copy = structuredClone(before);
    applyPatch(before, { env: { A: null, C: 'x' }, tags: ['y'] });
    expect(before).toEqual(copy);
  });

  describe('with healthHeaders', () => {
    const stored = definitionOf({ healthHeaders: { Authorization: 'Bearer one', 'X-Key': 'two' } });

    it.each([
      ['adds a name', { Cookie: 'c' }, { Authorization: 'Bearer one', 'X-Key': 'two', Cookie: 'c' }],
      ['changes a value', { 'X-Key': 'new' }, { Authorization: 'Bearer one', 'X-Key': 'new' }],
      [
        'changes a value regardless of the case of its name',
        { 'x-key': 'new' },
        { Authorization: 'Bearer one', 'x-key': 'new' },
      ],
      ['removes a name by null', { authorization: null }, { 'X-Key': 'two' }],
      ['ignores null for an unknown name', { Other: null }, { Authorization: 'Bearer one', 'X-Key': 'two' }],
      ['keeps a value by ***', { AUTHORIZATION: '***' }, { Authorization: 'Bearer one', 'X-Key': 'two' }],
      ['keeps everything if it is empty', {}, { Authorization: 'Bearer one', 'X-Key': 'two' }],
    ])('%s', (_what, healthHeaders, expected) => {
      expect(applyPatch(stored, { healthHeaders }).healthHeaders).toEqual(expected);
    });

    it('refuses *** for each name without a stored value', () => {
      const healthHeaders = { 'x-other': '***', 'X-Key': '***', Third: '***' };
      expect(faultsOf({ healthHeaders }, stored)).toEqual(['/healthHeaders/x-other', '/healthHeaders/Third']);
    });

    it('changes nothing if it gets back the masked values', () => {
      expect(applyPatch(stored, { healthHeaders: maskValues(stored.healthHeaders) })).toEqual(stored);
    });
  });

  it('changes nothing if it gets back the masked values', () => {
    const names = fc.dictionary(fc.stringMatching(/^[A-Z_]{1,5}$/), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(names, (env) => {
        const clean = Object.fromEntries(
          Object.entries(env).filter(([name, value]) => !name.startsWith('LD_') && !value.includes('\0')),
        );
        const definition = definitionOf({ env: clean });
        expect(applyPatch(definition, { env: maskValues(definition.env) })).toEqual(definition);
      }),
    );
  });
});

describe('maskValues', () => {
  it('replaces every value by ***', () => {
    expect(maskValues({ A: 'secret', B: '' })).toEqual({ A: '***', B: '***' });
  });
});

describe('diffMembers', () => {
  it('lists the members that differ at any depth', () => {
    expect(diffMembers(before, before)).toEqual([]);
    expect(diffMembers(before, structuredClone(before))).toEqual([]);
    const after = { ...before, name: 'New', env: { A: 'one' }, policy: { verifySeconds: 2 } };
    expect([...diffMembers(before, after)].sort()).toEqual(['env', 'name', 'policy']);
  });

  it('ignores the order of names', () => {
    expect(diffMembers(before, { ...before, env: { B: 'two', A: 'one' } })).toEqual([]);
  });
});
