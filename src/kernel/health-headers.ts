import { z } from 'zod';

/** Header name (RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
/** Printable ASCII, with spaces and tabs only inside. A line feed would start another header. */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const MAX_VALUE = 8_192;
const MAX_NAMES = 32;
/**
 * Limit for all headers. Servers refuse a header section above about 16 kB (Node's default), and the request itself
 * uses some of it.
 */
const MAX_ALL = 12_288;

/** Headers that the HTTP client sets, or that apply to one connection only (RFC 9110, section 7.6.1). */
const RESERVED: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-authenticate', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

const headerName = z
  .string()
  .regex(TOKEN, 'must be a header name: 1 to 128 letters, digits and characters such as - and _')
  .refine(
    (name) => !RESERVED.has(name.toLowerCase()),
    'must not be a header that the HTTP client sets for the connection',
  );

const headerValue = z
  .string()
  .max(MAX_VALUE)
  .regex(VALUE, 'must be printable ASCII, without line feeds and without leading or trailing spaces');

/** Headers sent with each health check. Their values are secret. */
export const healthHeadersSchema = z
  .record(headerName, headerValue)
  .refine((given) => Object.keys(given).length <= MAX_NAMES, `must not have more than ${MAX_NAMES} names`)
  .refine(hasNoDuplicates, 'must not contain a header twice, regardless of case')
  .refine((given) => lengthOf(given) <= MAX_ALL, `must not be longer than ${MAX_ALL} characters in total`)
  .describe('Sent with each health check to the host of healthUrl, for instance {"Authorization": "Bearer ..."}');

/** Headers in a patch: null removes a header, "***" keeps its value. */
export const healthHeadersPatchSchema = z.record(headerName, headerValue.nullable());

function hasNoDuplicates(given: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(given).map((name) => name.toLowerCase());
  return new Set(names).size === names.length;
}

function lengthOf(given: Readonly<Record<string, string>>): number {
  return Object.entries(given).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
