import fc from 'fast-check';
import { AGENT_ID_PATTERN } from './ids';

describe('an agent id', () => {
  it.each(['a', '0', 'content-agent', 'a-', 'a--b', 'x'.repeat(63)])('may be %j', (id) => {
    expect(AGENT_ID_PATTERN.test(id)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a dash first', '-a'],
    ['a capital', 'Agent'],
    ['64 characters', 'x'.repeat(64)],
    ['a dot', 'a.b'],
    ['a slash', 'a/b'],
    ['a folder above', '..'],
    ['a blank', 'a b'],
    ['a line feed at its end', 'a\n'],
    ['a NUL', 'a\0'],
    ['a letter that is no ASCII', 'ägent'],
  ])('must not have %s', (_what, id) => {
    expect(AGENT_ID_PATTERN.test(id)).toBe(false);
  });

  it('holds nothing that means something in a path, a URL or a line of a log', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (id) => {
        if (AGENT_ID_PATTERN.test(id)) expect(encodeURIComponent(id)).toBe(id);
      }),
    );
  });
});
