import { LEAST, accepts } from '../../test/support/definitions';
import { agentDefinitionSchema } from './agent-definition';

describe('healthHeaders', () => {
  it.each(['Authorization', 'x-api-key', 'Cookie', "!#$%&'*+-.^_`|~09", 'Accept', 'User-Agent'])(
    'accepts the name %s',
    (name) => {
      expect(accepts({ healthHeaders: { [name]: 'x' } })).toBe(true);
    },
  );

  it.each(['', 'a b', 'a:b', 'a\n', 'a\0', 'Ä', '(a)', 'a/b', 'a@b', '"a"', 'x'.repeat(129)])(
    'refuses the name %j, which is not a token (RFC 9110)',
    (name) => {
      expect(accepts({ healthHeaders: { [name]: 'x' } })).toBe(false);
    },
  );

  it.each([
    ...['Host', 'content-length', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization'],
    ...['TE', 'Trailer', 'Transfer-Encoding', 'UPGRADE', 'Expect', 'Proxy-Authenticate'],
  ])('refuses %s, which the HTTP client sets for the connection', (name) => {
    expect(accepts({ healthHeaders: { [name]: 'x' } })).toBe(false);
  });

  it.each(['', ' ', ' a', 'a ', 'a\r\nX-B: c', 'a\nb', 'a\rb', 'a\0b', 'a\u0007', 'a\u007f', 'é', '\t'])(
    'refuses the value %j',
    (value) => {
      expect(accepts({ healthHeaders: { A: value } })).toBe(false);
    },
  );

  it('refuses a header that is named twice, regardless of case', () => {
    expect(accepts({ healthHeaders: { 'X-Key': 'a', 'x-key': 'b' } })).toBe(false);
  });

  it('repeats no value in a fault', () => {
    const given = { ...LEAST, healthHeaders: { A: 'a-secret\n', 'a b': 'a-secret' } };
    expect(JSON.stringify(agentDefinitionSchema.safeParse(given).error?.issues)).not.toContain('a-secret');
  });
});
