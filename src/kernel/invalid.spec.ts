import { z } from 'zod';
import { agentDefinitionSchema } from './agent-definition';
import { invalid, invalidMembers, parsed, pointerOf } from './invalid';
import { Problem } from './problem';

const schema = z.strictObject({
  list: z.array(z.strictObject({ count: z.number() })).default([]),
  name: z.string('must be text'),
});

function problemOf(value: unknown): Problem {
  try {
    parsed(schema, value);
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
  ])('of %j is %j, as RFC 6901 has it', (path, pointer) => {
    expect(pointerOf(path)).toBe(pointer);
  });
});

describe('pointerOf a name without end', () => {
  it('is cut off, since it is repeated in the answer', () => {
    expect(pointerOf(['env', 'x'.repeat(1_000_000)])).toBe(`/env/${'x'.repeat(251)}`);
    expect(pointerOf(Array.from({ length: 100_000 }, () => 'x'))).toHaveLength(256);
  });
});

describe('parsed', () => {
  it('gives what the schema makes of a value', () => {
    expect(parsed(schema, { name: 'x' })).toEqual({ name: 'x', list: [] });
  });

  it('names every fault by its pointer', () => {
    const { code, errors } = problemOf({ list: [{ count: 1 }, { count: 'two' }] });
    expect(code).toBe('invalid-request');
    expect(errors).toEqual([
      { pointer: '/list/1/count', detail: expect.stringContaining('number') as string },
      { pointer: '/name', detail: 'must be text' },
    ]);
  });

  it('names unknown members one by one, each where it stands', () => {
    const { errors } = problemOf({ name: 'x', 'a/b': 1, other: 2, list: [{ count: 1, more: true }] });
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/list/0/more', '/other']);
    expect(new Set(errors?.map(({ detail }) => detail))).toEqual(new Set(['is not known here']));
  });

  it.each([null, 5, 'text', []])('refuses %j, which is no object, as a whole', (value) => {
    expect(problemOf(value).errors?.map(({ pointer }) => pointer)).toEqual(['']);
  });

  it('says why a name of a record is refused, not only that it is', () => {
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
  it('says the first fault in its detail, and how many more there are', () => {
    const one = { pointer: '/name', detail: 'must be text' };
    expect(invalid([one]).detail).toBe('/name: must be text.');
    expect(invalid([one, one, one]).detail).toBe('/name: must be text (and 2 more, see errors).');
  });

  it('names a hundred of them at most, however many there are', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ pointer: `/args/${index}`, detail: 'must be text' }));
    const { errors, detail } = invalid(many);
    expect(errors).toEqual(many.slice(0, 100));
    expect(detail).toContain('and 4999 more');
  });

  it('speaks of the body where the fault is of all of it', () => {
    expect(invalid([{ pointer: '', detail: 'must be an object' }]).detail).toBe('The body: must be an object.');
    expect(invalid([]).detail).toBe('The body: is not valid.');
  });
});
