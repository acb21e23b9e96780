import { z } from 'zod';
import { compactSchema } from './compact-schema';

describe('a published schema', () => {
  it('has no word that a planner need not read', () => {
    const schema = z.strictObject({
      id: z.string().min(1).max(63).regex(/^a/).describe('Name'),
      count: z.number().int().default(3),
      limit: z.number().int().min(1).max(100).optional(),
      parent: z.string().nullable(),
      kind: z.enum(['a', 'b']).describe(''),
      labels: z.record(z.string(), z.string().max(3)),
    });
    expect(compactSchema(schema, 'input')).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string', description: 'Name' },
        count: { type: 'integer' },
        limit: { type: 'integer', minimum: 1, maximum: 100 },
        parent: { type: ['string', 'null'] },
        kind: { type: 'string', enum: ['a', 'b'] },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['id', 'parent', 'kind', 'labels'],
      additionalProperties: false,
    });
  });

  it('keeps members that are named like a keyword', () => {
    const schema = z.object({
      pattern: z.string(),
      default: z.number(),
      items: z.array(z.object({ minLength: z.string() })),
    });
    expect(compactSchema(schema, 'output')).toEqual({
      type: 'object',
      properties: {
        pattern: { type: 'string' },
        default: { type: 'number' },
        items: {
          type: 'array',
          items: { type: 'object', properties: { minLength: { type: 'string' } }, required: ['minLength'] },
        },
      },
      required: ['pattern', 'default', 'items'],
    });
  });

  it('is of an object', () => {
    expect(() => compactSchema(z.string(), 'input')).toThrow(TypeError);
  });
});
