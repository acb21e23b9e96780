import fc from 'fast-check';
import { AGENT_ID_PATTERN } from './agent-definition';

describe('an agent id', () => {
  it.each(['a', '0', 'content-agent', 'a-', 'a--b', 'x'.repeat(63)])('may be %j', (id) => {
    expect(AGENT_ID_PATTERN.test(id)).toBe(true);
  });

  it.each([
    ['no characters', ''],
    ['a leading dash', '-a'],
    ['a capital letter', 'Agent'],
    ['64 characters', 'x'.repeat(64)],
    ['a dot', 'a.b'],
    ['a slash', 'a/b'],
    ['a parent folder', '..'],
    ['a space', 'a b'],
    ['a trailing line feed', 'a\n'],
    ['a NUL', 'a\0'],
    ['a letter outside ASCII', 'ägent'],
  ])('must not have %s', (_what, id) => {
    expect(AGENT_ID_PATTERN.test(id)).toBe(false);
  });

  it('contains no character that has a meaning in a path, a URL or a log line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (id) => {
        if (AGENT_ID_PATTERN.test(id)) expect(encodeURIComponent(id)).toBe(id);
      }),
    );
  });
});
