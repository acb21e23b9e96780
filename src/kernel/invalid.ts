import type { z } from 'zod';
import { Problem, type InvalidMember } from './problem';

const MAX_POINTER = 256;

/**
 * Converts a path into a JSON pointer (RFC 6901), cut to 256 characters because a name from a request may be of any
 * length.
 */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).slice(0, MAX_POINTER).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, MAX_POINTER);
}

/** Lists the invalid members that a schema found. Each unknown member is listed separately. */
export function invalidMembers(error: z.ZodError): InvalidMember[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), detail: 'is not a known member' }));
    }
    // The name of the member is invalid. Its own issue is nested one level deeper.
    const detail = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return [{ pointer: pointerOf(issue.path), detail }];
  });
}

/**
 * Parses a value with a schema.
 *
 * @throws Problem `invalid-request` that lists the invalid members
 */
export function parseOrThrow<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(invalidMembers(result.error));
}

/** Limit of the faults listed in one answer. The caller can fix these first. */
const MAX_NAMED = 100;

/** Builds the problem `invalid-request`. Its detail shows the first fault; `errors` lists at most 100. */
export function invalid(errors: readonly InvalidMember[]): Problem {
  const first = errors[0];
  const place = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new Problem('invalid-request', `${place}: ${first?.detail ?? 'is not valid'}${more}.`, {
    errors: errors.slice(0, MAX_NAMED),
  });
}
