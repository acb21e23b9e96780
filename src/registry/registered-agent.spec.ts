import { definitionOf, registeredAgent } from '../../test/support/definitions';
import { planUpdate } from './agent-patch';
import { launchFingerprint } from './registered-agent';

const fingerprintOf = (given: Parameters<typeof definitionOf>[0]) => launchFingerprint(definitionOf(given));

describe('the fingerprint of a launch', () => {
  it('differs if policy.otel does, which changes the variables of the process', () => {
    expect(fingerprintOf({ policy: { otel: true } })).not.toBe(fingerprintOf({}));
    expect(fingerprintOf({ policy: { otel: false } })).toBe(fingerprintOf({}));
  });

  it('does not depend on the rest of the policy, nor on the order of names', () => {
    expect(fingerprintOf({ policy: { verifySeconds: 2, tokenBudget: 5 } })).toBe(fingerprintOf({}));
    expect(fingerprintOf({ env: { A: '1', B: '2' } })).toBe(fingerprintOf({ env: { B: '2', A: '1' } }));
    expect(fingerprintOf({ env: { A: '1' } })).not.toBe(fingerprintOf({ env: { A: '2' } }));
  });

  it('of processes that earlier versions launched stays the same', () => {
    expect(fingerprintOf({})).toBe('194471b10623110236cc41c3bc2e65bf1c32523eb3a7df0bba8a60dd8eb5831f');
  });
});

describe('a patch of policy.otel', () => {
  it.each([
    [{ otel: true }, true],
    [{ otel: false }, false],
    [{ verifySeconds: 2 }, false],
  ])('%j changes the launch: %j', (policy, changesLaunch) => {
    const after = definitionOf({ policy });
    expect(planUpdate(registeredAgent(), after, { policy }, 1)).toMatchObject({ members: ['policy'], changesLaunch });
  });
});
