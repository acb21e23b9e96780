import * as fc from 'fast-check';
import { z } from 'zod';
import { readSaved } from './saved';

const shape = { name: z.string(), tries: z.number().int().min(0), tags: z.array(z.string()).readonly() };
const defaults = { name: '', tries: 0, tags: [] };

describe('readSaved', () => {
  it('returns a valid object unchanged', () => {
    const saved = { name: 'a', tries: 3, tags: ['x'] };
    expect(readSaved(shape, defaults, saved)).toEqual({ value: saved, faults: [] });
  });

  it('sets the default of a missing member, and drops an unknown one', () => {
    expect(readSaved(shape, defaults, { name: 'a', color: 'red' })).toEqual({
      value: { name: 'a', tries: 0, tags: [] },
      faults: [],
    });
  });

  it('keeps the valid members beside an invalid one, and reports its pointer without its content', () => {
    const { value, faults } = readSaved(shape, defaults, { name: 'a', tries: -1, tags: ['x', 5] });
    expect(value).toEqual({ name: 'a', tries: 0, tags: [] });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/tries', '/tags/1']);
  });

  it.each([null, 'text', 5, [], undefined])('returns the defaults for %p, which is not an object', (json) => {
    expect(readSaved(shape, defaults, json)).toMatchObject({ value: defaults, faults: [{ pointer: '' }] });
  });

  it('returns a valid object for any JSON', () => {
    const anyMembers = fc.record(
      { name: fc.jsonValue(), tries: fc.jsonValue(), tags: fc.jsonValue(), other: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(anyMembers, fc.jsonValue()), (json) => {
        expect(z.strictObject(shape).safeParse(readSaved(shape, defaults, json).value).success).toBe(true);
      }),
    );
  });
});
