import fc from 'fast-check';
import { addressKeyOf, bearerTokenOf, rateKeyOf } from './credentials';

describe('the token of a request', () => {
  it.each([
    ['the token after the scheme', ['Bearer abc'], 'abc'],
    ['the token after a scheme in any case', ['bEARER abc'], 'abc'],
    ['the token after several spaces', ['Bearer    abc'], 'abc'],
    ['null after a tab', ['Bearer\tabc'], null],
    ['null if text follows the token', ['Bearer abc def'], null],
    ['null for another scheme', ['Basic abc'], null],
    ['null without a header', undefined, null],
    ['null for two headers, even equal ones', ['Bearer abc', 'Bearer abc'], null],
    ['null for a token that is too long', [`Bearer ${'x'.repeat(5_000)}`], null],
  ] as const)('is %s', (_what, headers, token) => {
    expect(bearerTokenOf(headers)).toBe(token);
  });
});

describe('the rate key', () => {
  it('is the same for every spelling of the header', () => {
    const spelled = fc.tuple(fc.mixedCase(fc.constant('bearer')), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(spelled, spelled, (...spellings) => {
        const keys = spellings.map(([scheme, spaces]) => bearerTokenOf([`${scheme}${' '.repeat(spaces)}secret-token`]));
        expect(new Set(keys.map((token) => rateKeyOf(token ?? ''))).size).toBe(1);
      }),
    );
  });

  it('does not contain the token', () => {
    expect(rateKeyOf('secret-token')).not.toContain('secret-token');
  });
});

describe('an address', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::FFFF:10.0.0.7', '10.0.0.7'],
    ['2001:db8:1:2::5', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('%s is counted as %s', (ip, key) => {
    expect(addressKeyOf(ip)).toBe(key);
  });
});
