import { isLoopback } from '../../kernel';

export const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Returns the `Location` of a redirect; null if the answer is none. */
export function locationOf(status: number, headers: Readonly<Record<string, unknown>>): string | null {
  const { location } = headers;
  return REDIRECTS.has(status) && typeof location === 'string' ? location : null;
}

/** Returns the target of a redirect, or a phrase that says what is wrong with its `Location`. */
export function nextUrl(location: string, from: URL): URL | string {
  if (!URL.canParse(location, from.href)) return 'redirects to an invalid URL';
  const next = new URL(location, from);
  if (next.protocol === 'http:' || next.protocol === 'https:') return next;
  return `redirects to ${next.protocol}, which is neither http: nor https:`;
}

/** Returns true if both URLs have the same host, regardless of the port. All loopback names are one host. */
export function isSameHost(one: URL, other: URL): boolean {
  return one.hostname === other.hostname || (isLoopback(one.hostname) && isLoopback(other.hostname));
}

/**
 * Returns true if the headers of a definition may be sent to `url`, which was reached by redirects from `first`. This
 * requires the same host, and no step from TLS to plain text on a network.
 */
export function mayCarrySecrets(first: URL, url: URL): boolean {
  if (!isSameHost(first, url)) return false;
  return first.protocol === 'http:' || url.protocol === 'https:' || isLoopback(url.hostname);
}
