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

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') && host.split(':').length > 2 ? `[${host}]` : host;
}
