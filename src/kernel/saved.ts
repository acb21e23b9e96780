import { z } from 'zod';
import { invalidMembers } from './invalid';
import type { InvalidMember } from './problem';

/** Result of reading a saved object. */
export interface Saved<T> {
  readonly value: T;
  /** Members that could not be read; empty if all were valid. Never includes the content, which may be secret. */
  readonly faults: readonly InvalidMember[];
}

/**
 * Reads saved JSON member by member. An unknown member is dropped; a missing or invalid one gets its default.
 * A row written by an older version, or edited by hand, therefore never stops the service. Never throws.
 *
 * @param defaults values that are valid by the shape
 */
export function readSaved<S extends z.ZodRawShape>(
  shape: S,
  defaults: z.output<z.ZodObject<S>>,
  json: unknown,
): Saved<z.output<z.ZodObject<S>>> {
  const schema = z.object(shape);
  if (!isRecord(json)) return { value: defaults, faults: [{ pointer: '', detail: 'is not an object' }] };
  const members = new Map<string, unknown>(Object.entries({ ...defaults, ...json }));
  const first = schema.safeParse(Object.fromEntries(members));
  if (first.success) return { value: first.data, faults: [] };
  const fallbacks = new Map<PropertyKey, unknown>(Object.entries(defaults));
  for (const [name] of first.error.issues.map(({ path }) => path)) {
    if (fallbacks.has(name ?? '')) members.set(String(name), fallbacks.get(name ?? ''));
    else members.delete(String(name));
  }
  const second = schema.safeParse(Object.fromEntries(members));
  return { value: second.success ? second.data : defaults, faults: invalidMembers(first.error) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
