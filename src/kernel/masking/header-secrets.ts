/**
 * Returns the secrets in the headers of a health check: each value, the credentials after its scheme (`Bearer TOKEN`),
 * and the password of `Basic`.
 */
export function secretsOfHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers).flatMap((value) => {
    const [scheme = '', ...rest] = value.split(/\s+/);
    const credentials = rest.join(' ');
    if (credentials === '') return [value];
    if (scheme.toLowerCase() !== 'basic') return [value, credentials];
    const [user = '', ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
    return [value, credentials, `${user}:${password.join(':')}`, password.join(':')];
  });
}
