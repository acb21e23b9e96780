import type { z } from 'zod';
import { Problem, type InvalidMember } from './problem';

const MAX_POINTER = 256;

/** A JSON pointer (RFC 6901) of a path into a document; cut off where a name in it has no end. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).slice(0, MAX_POINTER).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, MAX_POINTER);
}

/** What a schema found wrong, member by member; unknown members are named one by one. */
export function invalidMembers(error: z.ZodError): InvalidMember[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), detail: 'is not known here' }));
    }
    // The name of a member is at fault: what is wrong with it stands one level deeper.
    const detail = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [{ pointer: pointerOf(issue.path), detail }];
  });
}

/**
 * Reads a value by a schema.
 *
 * @throws Problem `invalid-request` with every fault
 */
export function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(invalidMembers(result.error));
}

/** So many are named; a caller mends those first. */
const MAX_NAMED = 100;

export function invalid(errors: readonly InvalidMember[]): Problem {
  const first = errors[0];
  const place = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new Problem('invalid-request', `${place}: ${first?.detail ?? 'is not valid'}${more}.`, {
    errors: errors.slice(0, MAX_NAMED),
  });
}
