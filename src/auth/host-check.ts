const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whether a request names a host that is ours. A page on the web can have its own name resolved to this machine (DNS
 * rebinding); the browser then sends that name, which is none of ours.
 *
 * @param header the Host header, with or without a port
 * @param allowed further names: HOST and ALLOWED_HOSTS
 */
export function isOurHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined || !/^[A-Za-z0-9.:_[\]-]{1,255}$/.test(header)) return false;
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase();
  return [...LOOPBACK_NAMES, ...allowed.map(bracketed)].some(
    (each) => each.toLowerCase() === name || each.toLowerCase() === header.toLowerCase(),
  );
}

/**
 * Every host that a request names: of two, somebody on the way may believe the other one (RFC 9112, 3.2).
 *
 * @param headers its Host headers, undefined where there is none
 * @param target as it stands in the request line; it may be a whole URL
 */
export function hostsNamed(headers: readonly string[] | undefined, target: string): (string | undefined)[] {
  const named: (string | undefined)[] = headers === undefined ? [undefined] : [...headers];
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return named;
  return [...named, URL.canParse(target) ? new URL(target).host : undefined];
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') && host.split(':').length > 2 ? `[${host}]` : host;
}
