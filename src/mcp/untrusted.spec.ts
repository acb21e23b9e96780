import * as fc from 'fast-check';
import type { JsonValue } from '../events';
import { untrustedData, untrustedLine, untrustedLines } from './untrusted';

/** Characters that a reader does not see: control, format, private use, tags and the like. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u{e0000}-\u{e0fff}]/u;
const hostile = fc.string({ unit: 'binary', maxLength: 200 });

describe('text of an agent', () => {
  it.each([
    ['loses colors and a title', '\u001b[31mred\u001b[0m \u001b]0;title\u0007end', 'red end'],
    ['loses control characters', 'a\u0000b\u0007c\r\nd', 'a b c d'],
    ['loses hidden text of tag characters', `say${String.fromCodePoint(0xe0068, 0xe0069)} hi`, 'say hi'],
    ['loses characters without width and of direction', 'a\u200bb\u202ec\u2066d', 'a b c d'],
    ['loses bytes hidden in variation selectors', `x${String.fromCodePoint(0xe0100, 0xe0101)}y`, 'x y'],
    ['keeps markup, which is only text', '<tool_call>{"a": 1}</tool_call>', '<tool_call>{"a": 1}</tool_call>'],
    ['keeps other scripts', 'Ошибка: 失敗 😀', 'Ошибка: 失敗 😀'],
  ])('%s', (_, text, shown) => {
    expect(untrustedLine(text, 200)).toBe(shown);
  });

  it('is one visible line of limited length, whatever it is', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 100 }), (text, max) => {
        const line = untrustedLine(text, max);
        expect(line.length).toBeLessThanOrEqual(max);
        expect(line).not.toMatch(UNSEEN);
      }),
    );
  });

  it('is cleaned line by line', () => {
    expect(untrustedLines(['a\u0007', 'bbbb'], 3)).toEqual(['a', 'bb…']);
  });
});

describe('the data of an event', () => {
  it('keep their form, with names and texts cleaned', () => {
    const data = { pid: 1, ok: true, none: null, list: ['\u001b[1mx', { 'na\u0007me': 'y\u200b' }] };
    expect(untrustedData(data, 50)).toEqual({ pid: 1, ok: true, none: null, list: ['x', { 'na me': 'y' }] });
  });

  it('contain nothing unseen, whatever they are', () => {
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        hostile,
        fc.integer(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(hostile, tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (data) => {
        expect(JSON.stringify(untrustedData(data, 40))).not.toMatch(UNSEEN);
      }),
    );
  });
});
