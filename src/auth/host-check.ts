const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Returns true if a request names an allowed host. This prevents DNS rebinding: a web page may resolve its own name to
 * this machine, but the browser then sends that name.
 *
 * @param header the Host header, with or without a port
 * @param allowed further names: HOST and ALLOWED_HOSTS
 */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined || !/^[A-Za-z0-9.:_[\]-]{1,255}$/.test(header)) return false;
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase();
  return [...LOOPBACK_NAMES, ...allowed.map(bracketIpv6)].some(
    (each) => each.toLowerCase() === name || each.toLowerCase() === header.toLowerCase(),
  );
}

/**
 * Returns every host that a request names. All of them must be allowed, because a proxy may use any of them (RFC 9112,
 * 3.2).
 *
 * @param headers the Host headers; undefined if there are none
 * @param target as written in the request line; may be a whole URL
 */
export function hostsOfRequest(headers: readonly string[] | undefined, target: string): (string | undefined)[] {
  const named: (string | undefined)[] = headers === undefined ? [undefined] : [...headers];
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return named;
  return [...named, URL.canParse(target) ? new URL(target).host : undefined];
}

function bracketIpv6(host: string): string {
  return host.includes(':') && !host.startsWith('[') && host.split(':').length > 2 ? `[${host}]` : host;
}
