import { z } from 'zod';
import { agentDefinitionSchema } from './agent-definition';
import { invalid, invalidMembers, parseOrThrow, pointerOf } from './invalid';
import { Problem } from './problem';

const schema = z.strictObject({
  list: z.array(z.strictObject({ count: z.number() })).default([]),
  name: z.string('must be text'),
});

function problemOf(value: unknown): Problem {
  try {
    parseOrThrow(schema, value);
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('nothing was refused');
}

describe('pointerOf', () => {
  it.each([
    [[], ''],
    [['name'], '/name'],
    [['list', 0, 'count'], '/list/0/count'],
    [['a/b~c'], '/a~1b~0c'],
    [['~1'], '/~01'],
    [[''], '/'],
  ])('converts %j to %j (RFC 6901)', (path, pointer) => {
    expect(pointerOf(path)).toBe(pointer);
  });
});

describe('pointerOf a very long name', () => {
  it('is cut, because it is repeated in the answer', () => {
    expect(pointerOf(['env', 'x'.repeat(1_000_000)])).toBe(`/env/${'x'.repeat(251)}`);
    expect(pointerOf(Array.from({ length: 100_000 }, () => 'x'))).toHaveLength(256);
  });
});

describe('parseOrThrow', () => {
  it('returns the value as the schema parses it', () => {
    expect(parseOrThrow(schema, { name: 'x' })).toEqual({ name: 'x', list: [] });
  });

  it('lists every fault with its pointer', () => {
    const { code, errors } = problemOf({ list: [{ count: 1 }, { count: 'two' }] });
    expect(code).toBe('invalid-request');
    expect(errors).toEqual([
      { pointer: '/list/1/count', detail: expect.stringContaining('number') as string },
      { pointer: '/name', detail: 'must be text' },
    ]);
  });

  it('lists each unknown member with its own pointer', () => {
    const { errors } = problemOf({ name: 'x', 'a/b': 1, other: 2, list: [{ count: 1, more: true }] });
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/list/0/more', '/other']);
    expect(new Set(errors?.map(({ detail }) => detail))).toEqual(new Set(['is not a known member']));
  });

  it.each([null, 5, 'text', []])('refuses %j as a whole, because it is not an object', (value) => {
    expect(problemOf(value).errors?.map(({ pointer }) => pointer)).toEqual(['']);
  });

  it('says why a name of a record is refused', () => {
    const result = agentDefinitionSchema.safeParse({
      agentId: 'a',
      name: 'A',
      entryPoint: null,
      env: { PM2_HOME: 'x' },
    });
    expect(result.success ? [] : invalidMembers(result.error)).toEqual([
      { pointer: '/env/PM2_HOME', detail: 'must not begin with AGENT_, PM2_, LD_ or DYLD_' },
    ]);
  });
});

describe('invalid', () => {
  it('shows the first fault and the number of further ones in its detail', () => {
    const one = { pointer: '/name', detail: 'must be text' };
    expect(invalid([one]).detail).toBe('/name: must be text.');
    expect(invalid([one, one, one]).detail).toBe('/name: must be text (and 2 more, see errors).');
  });

  it('lists at most a hundred faults', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ pointer: `/args/${index}`, detail: 'must be text' }));
    const { errors, detail } = invalid(many);
    expect(errors).toEqual(many.slice(0, 100));
    expect(detail).toContain('and 4999 more');
  });

  it('names the body if the fault concerns all of it', () => {
    expect(invalid([{ pointer: '', detail: 'must be an object' }]).detail).toBe('The body: must be an object.');
    expect(invalid([]).detail).toBe('The body: is not valid.');
  });
});
