import { z } from 'zod';

/** Schema of an object, as tools publish it. */
export interface JsonSchema {
  readonly [key: string]: unknown;
  readonly type: 'object';
}

/**
 * Keywords that are not published. Every byte of the list of tools costs the planner tokens, and the server reports in
 * words what it refuses. `$schema` is the default dialect of the protocol, and `default` is described where it matters.
 */
const UNPUBLISHED: ReadonlySet<string> = new Set([
  ...['$schema', 'pattern', 'minLength', 'maxLength', 'maxItems', 'propertyNames', 'exclusiveMinimum'],
]);

/** Returns the JSON Schema of an object in few words: equivalent to the schema or weaker, never stricter. */
export function compactSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const compacted = compact(z.toJSONSchema(schema, { io, unrepresentable: 'any' }), io);
  if (!isSchemaObject(compacted) || compacted.type !== 'object') throw new TypeError('the schema is not of an object');
  return { ...compacted, type: 'object' };
}

type SchemaObject = Readonly<Record<string, unknown>>;

function compact(schema: unknown, io: 'input' | 'output'): unknown {
  if (!isSchemaObject(schema)) return schema;
  const nullable = nullableType(schema);
  const shown = nullable ?? schema;
  const kept = Object.entries(shown).filter(([key, value]) => !isLeftOut(key, value, io));
  return Object.fromEntries(kept.map(([key, value]) => [key, compactMember(key, value, io)]));
}

function compactMember(key: string, value: unknown, io: 'input' | 'output'): unknown {
  if (key === 'properties' && isSchemaObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, compact(each, io)]));
  if (key === 'anyOf' && Array.isArray(value)) return value.map((each) => compact(each, io));
  return key === 'items' || key === 'additionalProperties' ? compact(value, io) : value;
}

function isLeftOut(key: string, value: unknown, io: 'input' | 'output'): boolean {
  if (UNPUBLISHED.has(key) || value === undefined || (key === 'description' && value === '')) return true;
  // The bounds of every integer in JavaScript say nothing about this one.
  if (key === 'maximum' || key === 'minimum') return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  return key === 'default' || (key === 'additionalProperties' && io === 'output' && value === false);
}

/** Writes `anyOf: [{type: T}, {type: null}]` as one type. Returns null for any other schema. */
function nullableType(schema: SchemaObject): SchemaObject | null {
  const { anyOf, ...rest } = schema;
  const choices: readonly unknown[] = Array.isArray(anyOf) ? anyOf : [];
  const [first, second] = choices;
  if (choices.length !== 2) return null;
  if (!isSchemaObject(first) || !isSchemaObject(second) || second.type !== 'null') return null;
  if (typeof first.type !== 'string' || 'enum' in first) return null;
  return { ...rest, ...first, type: [first.type, 'null'] };
}

function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
