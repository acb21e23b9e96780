import { maskSecrets } from '.';

/** Texts of which each makes a careless expression try the same characters again and again. */
const HOSTILE = [
  ...['a', 'A', '1', '-', ' ', '\\', '\\n', '"', '=', ':', '.', '\n', 'a1', '\u001b[0m', '***'],
  ...[
    'sk-',
    'sk-a1 ',
    '-eyJabcdefgh',
    'eyJabcdefgh.',
    'SG.aaaaaaaaaaaaaaaaaaa',
    'Mabcdefghijklmnopqrstuvwxyz.',
    '1234567:',
  ],
  ...['://a:', '://a:b/', '://aaaaaaaaaaaaaaaaaaaaaaaa', 'password=', 'password="', 'token: ', '--token ', 'bearer a'],
  ...['authorization: bearer ', '-----BEGIN PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----Proc-Type: '],
  ...['-----END PRIVATE KEY-----', `${'A'.repeat(64)}\n`, `${'A'.repeat(19)}\n`, `${'A'.repeat(64)}\n-----END `],
];
/** Texts that are repeated once only, with a long run inside. */
const FRAMES: readonly (readonly [string, string, string])[] = [
  ['-----BEGIN PRIVATE KEY-----', ' ', 'x!'],
  ['-----BEGIN PRIVATE KEY-----', '\\', 'x!'],
  ['-----BEGIN PRIVATE KEY-----', 'A', '!'],
  ['-----BEGIN PRIVATE KEY-----\nAAAA', ' ', 'x!'],
  [`! ${'A'.repeat(30)}`, ' ', `${'A'.repeat(30)}-----END PRIVATE KEY-----`],
  ['!', 'A', '-----END PRIVATE KEY-----'],
  ['basic ', 'YTph', 'AQ'],
  ['password="', 'a', ''],
  ['eyJ', 'a', '!'],
  ['M', 'a', '!'],
  ['://a:', 'a', '/'],
];
const SECRETS = ['a'.repeat(20_000), `${'a'.repeat(200)}b`, `${'\\'.repeat(20_000)}x`, 'ab'.repeat(50), 'AAAAAA'];

const FACTOR = 8;
const UNITS = 4_096;

/** Returns the shortest processor time of a few attempts in milliseconds, which other processes affect least. */
function measure(text: string): number {
  const times = [1, 2].map(() => {
    const before = process.cpuUsage();
    maskSecrets(text, SECRETS);
    return process.cpuUsage(before).user / 1_000;
  });
  return Math.min(...times);
}

describe('the time to mask a text', () => {
  it.each([...HOSTILE.map((unit) => ['', unit, ''] as const), ...FRAMES])(
    'grows in proportion to its length: %j %j %j',
    (before, unit, after) => {
      const make = (units: number) => before + unit.repeat(Math.ceil(units / unit.length)) + after;
      measure(make(UNITS));
      const [short, long] = [measure(make(UNITS)), measure(make(UNITS * FACTOR))];
      // Quadratic growth would be by 64. Below a millisecond, the clock is too coarse.
      expect(long / Math.max(short, 1)).toBeLessThan(4 * FACTOR);
    },
  );
});
