import { createHash } from 'node:crypto';

const TOKEN = /^Bearer +(\S{1,4096})$/i;

/**
 * Returns the token of a request's Authorization headers; null if there is no token, or more than one header. No other
 * code parses the header, so that its meaning is the same everywhere.
 */
export function bearerTokenOf(headers: readonly string[] | undefined): string | null {
  const [only, second] = headers ?? [];
  if (only === undefined || second !== undefined) return null;
  return TOKEN.exec(only)?.[1] ?? null;
}

/** Returns the key under which the requests of a token are counted. */
export function rateKeyOf(token: string): string {
  return `token:${createHash('sha256').update(token).digest('base64url')}`;
}

/**
 * Returns the key under which the failures of an address are counted. IPv6 addresses are grouped by /64, because a
 * host may choose any address within its /64.
 */
export function addressKeyOf(ip: string | undefined): string {
  const address = (ip ?? 'unknown').toLowerCase().replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
