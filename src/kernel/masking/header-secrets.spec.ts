import { maskSecrets, secretsOfHeaders } from '.';

describe('the secrets in the headers of a health check', () => {
  it.each([
    ['a key', { 'X-Api-Key': 'the-key' }, ['the-key']],
    ['a bearer token', { Authorization: 'Bearer the-token' }, ['Bearer the-token', 'the-token']],
    [
      'a password',
      { Authorization: `Basic ${Buffer.from('me:pass:word').toString('base64')}` },
      ['Basic bWU6cGFzczp3b3Jk', 'bWU6cGFzczp3b3Jk', 'me:pass:word', 'pass:word'],
    ],
    ['none without headers', {}, []],
  ])('%s', (_, headers, secrets) => {
    expect(secretsOfHeaders(headers)).toEqual(secrets);
  });

  it('are masked with and without their scheme', () => {
    const secrets = secretsOfHeaders({ Authorization: 'Bearer the-token' });
    expect(maskSecrets('got Bearer the-token, the-token and the-tok', secrets)).toBe('got ***, *** and the-tok');
  });
});
