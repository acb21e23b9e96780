import fc from 'fast-check';
import { agentCard } from '../../test/support/cards';
import { CardFault, readCard } from './agent-card';

/** Returns why a card is refused; null if it is read. */
function faultOf(json: unknown): string | null {
  try {
    readCard(json);
    return null;
  } catch (error) {
    if (error instanceof CardFault) return error.message;
    throw error;
  }
}

describe('an agent card', () => {
  it('is read with every member but its signatures', () => {
    const { signatures: _signatures, ...rest } = agentCard({ iconUrl: 'https://kitchen.example/i.png', x: [1, null] });
    expect(readCard(agentCard({ iconUrl: 'https://kitchen.example/i.png', x: [1, null] }))).toEqual(rest);
  });

  it('needs only what a registration uses', () => {
    const { name, supportedInterfaces, skills } = agentCard();
    expect(readCard({ name, supportedInterfaces, skills })).toEqual({ name, supportedInterfaces, skills });
  });

  it.each<[string, unknown, RegExp]>([
    ['a text', 'card', /^is not an agent card: it is not a JSON object$/],
    ['a list', [agentCard()], /^is not an agent card/],
    ['null', null, /^is not an agent card/],
    ['without a name', agentCard({ name: undefined }), /^is not an A2A 1.0 agent card: \/name: /],
    ['without interfaces', agentCard({ supportedInterfaces: [] }), /\/supportedInterfaces: /],
    [
      'with an interface that has no binding',
      agentCard({ supportedInterfaces: [{ url: 'http://a', protocolVersion: '1.0' }] }),
      /\/supportedInterfaces\/0\/protocolBinding: /,
    ],
    ['without skills', agentCard({ skills: [] }), /\/skills: /],
    ['with a skill that has no id', agentCard({ skills: [{ name: 'Find' }] }), /\/skills\/0\/id: /],
    ['with capabilities that are a list', agentCard({ capabilities: [] }), /\/capabilities: /],
    [
      'of version 0.3',
      agentCard({ supportedInterfaces: undefined, url: 'http://a', protocolVersion: '0.3.0' }),
      /^is a card of A2A 0\.3: .*supportedInterfaces of A2A 1\.0/,
    ],
    [
      'that is too wide',
      agentCard({ skills: Array.from({ length: 257 }, () => ({ id: 'a' })) }),
      /more than 256 members/,
    ],
  ])('%s is refused', (_, json, why) => {
    expect(faultOf(json)).toMatch(why);
  });

  it('that is nested too deep is refused', () => {
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'x');
    expect(faultOf(agentCard({ deep }))).toBe('is nested more than 16 levels deep');
  });

  it('loses control characters, terminal sequences and hidden direction marks in every text and name', () => {
    const hostile = '\u001b[31mred\u001b[0m\u0000\u202Eback\u0007\ud800';
    const read = readCard(agentCard({ description: hostile, [`x${hostile}`]: { deep: [hostile] } }));
    expect(JSON.stringify(read)).not.toMatch(/\\u0000|\\u001b|\\u0007|\\ud800|\u202e/);
    expect(read.description).toBe('red  back \ufffd');
  });

  it('keeps line feeds, and a text of 4,096 characters at most', () => {
    const { description } = readCard(agentCard({ description: `first\nsecond\t${'x'.repeat(9_000)}` }));
    expect(description).toMatch(/^first\nsecond\tx+…$/);
    expect(description).toHaveLength(4_096);
  });

  it('cannot set a prototype', () => {
    const read = readCard(JSON.parse(`{"__proto__":{"isAdmin":true},${JSON.stringify(agentCard()).slice(1)}`));
    expect('isAdmin' in read).toBe(false);
    expect(Object.keys(read)).not.toContain('__proto__');
  });

  it('is read or refused whatever the JSON is, and reading it again changes nothing', () => {
    const json = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.string(), fc.jsonValue()).map((members) => agentCard(members)),
    );
    fc.assert(
      fc.property(json, (value) => {
        if (faultOf(value) !== null) return;
        const once = readCard(value);
        expect(readCard(once)).toEqual(once);
      }),
    );
  });
});
