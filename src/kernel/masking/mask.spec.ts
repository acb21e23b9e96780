import fc from 'fast-check';
import { maskedLine, maskSecrets } from '.';

describe('a secret of several lines', () => {
  const key = '-----BEGIN KEY-----\r\nMIIEvQIBADAN\n  c2Vjb25kbGluZQ==  \nshort\n-----END KEY-----\n';

  it('is masked line by line, except in short lines', () => {
    expect(maskSecrets('bad key MIIEvQIBADAN', [key])).toBe('bad key ***');
    expect(maskSecrets('c2Vjb25kbGluZQ==\nshort', [key])).toBe('***\nshort');
    expect(maskSecrets(`got ${key}.`, [key])).toBe('got ***.');
    expect(maskSecrets(JSON.stringify({ key }), [key])).toBe('{"key":"***"}');
  });
});

describe('a line', () => {
  it('is masked before it is cut', () => {
    expect(maskedLine('the key is top-secret', ['top-secret'], 16)).toBe('the key is ***');
    expect(maskedLine(`failed with sk-${'a1'.repeat(20)}`, [], 30)).toBe('failed with sk-***');
  });

  it('is masked before its lines are joined and its spaces collapsed', () => {
    expect(maskedLine('got two  spaces and\tsome tab', ['two  spaces', '\tsome tab'], 80)).toBe('got *** and***');
  });

  it('is masked although colors begin inside the secret', () => {
    expect(maskedLine('key \u001b[1mtop-\u001b[0msecret', ['top-secret'], 80)).toBe('key ***');
  });
});

const ENCODERS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  (text) => encodeURIComponent(text),
  (text) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  (text) => new URLSearchParams({ text }).toString().slice(5),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
  (text) => Buffer.from(text).toString('base64url'),
];
const character = fc.constantFrom(...Array.from('abcXYZ019_-+/=.:@%&?#$!"\'\\<> \tä€😀'));
/** Secrets that are no ordinary text: they hold two characters that the surrounding text lacks. */
const secret = fc.array(character, { minLength: 5, maxLength: 300 }).map((units) => `§${units.join('')}¶`);
const ordinary = fc.array(fc.constantFrom('INFO', 'ab', '{"a": 1}', '=', ':', '\n', ' ', '***', '%', '\\'), {
  maxLength: 30,
});

describe('any secret', () => {
  it('in any form in any text leaves no trace, and masking again changes nothing', () => {
    const embedded = fc.tuple(secret, fc.constantFrom(...ENCODERS), ordinary, ordinary);
    fc.assert(
      fc.property(embedded, fc.array(secret, { maxLength: 3 }), ([one, encode, before, after], others) => {
        const [left, right] = [before.join(''), after.join('')];
        const secrets = [...others, one];
        const masked = maskSecrets(`${left} ${encode(one)} ${right}`, secrets);
        expect(masked).toBe(`${left} *** ${right}`);
        expect(maskSecrets(masked, secrets)).toBe(masked);
      }),
    );
  });

  it('in base64 between any bytes does not survive', () => {
    fc.assert(
      fc.property(secret, fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (one, before, after) => {
        const text = Buffer.concat([before, Buffer.from(one), after]).toString('base64');
        const [left = '', right = ''] = maskSecrets(text, [one]).split('***');
        expect(left.length).toBeLessThanOrEqual(Math.ceil((before.length * 8) / 6));
        expect(right.length).toBeLessThanOrEqual(Math.ceil((after.length * 8) / 6) + 4);
      }),
    );
  });
});

const FRAGMENTS = [
  ...['sk-', 'ghp_', 'AKIA', 'eyJ', 'xoxb-', 'SG.', 'M', 'Bearer ', 'Basic ', 'Authorization: ', '123456789:', '%3D'],
  ...[
    '://',
    'user',
    ':',
    '@',
    'password=',
    '"token": "',
    '--api-key ',
    '-----BEGIN PRIVATE KEY-----',
    '\\n',
    '"',
    '***',
  ],
  ...['-----END PRIVATE KEY-----', '\n', ' ', '.', '-', '/', 'ABCDEFGH23456789', 'aB3dE5fG7hI9jK1lM2nO4pQ6', '*', '['],
];
const fragments = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 25 }).map((parts) => parts.join(''));

describe('masking', () => {
  it('twice equals masking once, whatever the text consists of', () => {
    const secrets = fc.subarray([
      'user:@',
      'ABCDEFGH',
      'sk-sk-',
      'password=',
      'h7hI9jK',
      'Bearer ',
      'PRIVATE',
      '\n \n -',
      '@::///',
      'Q6 aB3',
      '"://user',
      'M.-SG.',
    ]);
    fc.assert(
      fc.property(fragments, secrets, (text, known) => {
        const masked = maskSecrets(text, known);
        expect(maskSecrets(masked, known)).toBe(masked);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves text without secrets unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(secret, { maxLength: 3 }), (text, secrets) => {
        expect(maskSecrets(text, secrets)).toBe(text);
      }),
    );
  });

  it('does not mask values of fewer than 6 characters, or of spaces', () => {
    expect(maskSecrets('a:\n        b', ['        ', ' b       '])).toBe('a:\n        b');
    expect(maskSecrets('port 8080 in use', ['8080', '', 'in'])).toBe('port 8080 in use');
  });
});
