import fc from 'fast-check';
import { mintAgentToken, verifyAgentToken, type AgentTokenClaims } from './agent-token';

const key = Buffer.alloc(32, 7);
const otherKey = Buffer.alloc(32, 8);

const agentId = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const claims = fc.record({ agentId, runId: fc.uuid() });

const known: AgentTokenClaims = { agentId: 'content-agent', runId: '0f8fad5b-d9cb-469f-a165-70867728950e' };
const token = mintAgentToken(known, key);

describe('the token of a run', () => {
  it('identifies its agent and run', () => {
    fc.assert(
      fc.property(claims, (given) => {
        expect(verifyAgentToken(mintAgentToken(given, key), key)).toEqual(given);
      }),
    );
  });

  it('differs for every pair of agent and run', () => {
    const secret = (given: AgentTokenClaims) => mintAgentToken(given, key).split('.')[3];
    fc.assert(
      fc.property(claims, claims, (one, other) => {
        const isSame = one.agentId === other.agentId && one.runId === other.runId;
        expect(secret(one) === secret(other)).toBe(isSame);
      }),
    );
  });

  it('is unambiguous about where the agent ID ends and the run ID begins', () => {
    const secret = (id: string, runId: string) => mintAgentToken({ agentId: id, runId }, key).split('.').at(-1);
    expect(secret('ab', 'c')).not.toBe(secret('a', 'bc'));
    expect(secret('a1', ':b')).not.toBe(secret('a', '1:b'));
  });

  it('is valid only under its own key', () => {
    expect(verifyAgentToken(token, otherKey)).toBeNull();
  });

  it('fits into a header and an environment variable', () => {
    expect(mintAgentToken({ ...known, agentId: 'x'.repeat(63) }, key)).toMatch(/^[a-z0-9.\-_A-Z]{1,200}$/);
  });
});

describe('a token that was changed', () => {
  it('is refused, whichever character differs', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (index, character) => {
        const changed = token.slice(0, index) + character + token.slice(index + 1);
        expect(verifyAgentToken(changed, key)).toEqual(changed === token ? known : null);
      }),
      { numRuns: 1_000 },
    );
  });

  const [prefix, id, runId, mac] = token.split('.') as [string, string, string, string];
  it.each([
    ['another agent', [prefix, 'other-agent', runId, mac].join('.')],
    ['another run', [prefix, id, '0f8fad5b-d9cb-469f-a165-70867728950f', mac].join('.')],
    ['another version', ['agt2', id, runId, mac].join('.')],
    ['an additional part', `${token}.x`],
    ['a missing part', [prefix, id, runId].join('.')],
    ['no signature', [prefix, id, runId, ''].join('.')],
    ['a shorter signature', token.slice(0, -1)],
    ['a longer signature', `${token}A`],
    ['another encoding of the signature', `${token}=`],
    ['a leading space', ` ${token}`],
    ['a trailing line feed', `${token}\n`],
    ['capitals in the run ID', [prefix, id, runId.toUpperCase(), mac].join('.')],
    ['capitals in the agent ID', [prefix, id.toUpperCase(), runId, mac].join('.')],
  ])('is refused with %s', (_how, changed) => {
    expect(verifyAgentToken(changed, key)).toBeNull();
  });

  it('is refused for an invalid agent ID or run ID, even with a valid signature', () => {
    for (const given of [
      { ...known, agentId: 'A' },
      { ...known, agentId: '' },
      { ...known, runId: '' },
      { ...known, runId: 'x' },
    ]) {
      expect(verifyAgentToken(mintAgentToken(given, key), key)).toBeNull();
    }
  });

  it('is refused without an exception, whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(verifyAgentToken(text, key)).toBeNull();
        expect(verifyAgentToken(`agt1.${text}`, key)).toBeNull();
      }),
    );
    expect(verifyAgentToken('.'.repeat(100_000), key)).toBeNull();
    expect(verifyAgentToken(`${token.slice(0, -1)}é`, key)).toBeNull();
  });
});
