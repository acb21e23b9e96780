import * as fc from 'fast-check';
import { plainLine, wellFormed } from './text';

describe('one displayable line', () => {
  it.each([
    ['a\nb', 10, 'a b'],
    ['\u001b[31mred\u001b[0m', 10, 'red'],
    ['abcdef', 4, 'abc…'],
    ['ab😀d', 4, 'ab…'],
    ['ab😀de', 5, 'ab😀…'],
    ['a\ud83d', 10, 'a\ufffd'],
  ])('of %j, at most %d long, is %j', (text, max, line) => {
    expect(plainLine(text, max)).toBe(line);
  });

  it('can be stored and is never too long, for any input', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const halves = fc.array(fc.constantFrom('\ud83d', '\ude00', 'a', '😀'), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          halves.map((parts) => parts.join('')),
        ),
        fc.integer({ min: 1, max: 20 }),
        (given, max) => {
          const line = plainLine(given, max);
          expect(line).not.toMatch(/\p{Surrogate}/u);
          expect(line.length).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});

describe('well-formed text', () => {
  it('keeps whole characters, and replaces unpaired surrogates', () => {
    expect(wellFormed('😀\ud83d😀\ude00')).toBe('😀\ufffd😀\ufffd');
  });
});
