import { isAllowed, type Need, type Principal } from './principal';

const person = (role: 'viewer' | 'operator' | 'admin'): Principal => ({ kind: 'person', role });
const agent = (role: 'viewer' | 'operator' | null): Principal => ({ kind: 'agent', agentId: 'a', runId: 'r', role });

const WHO: readonly (readonly [string, Principal])[] = [
  ['a viewer', person('viewer')],
  ['an operator', person('operator')],
  ['an admin', person('admin')],
  ['an agent with no role', agent(null)],
  ['an agent that may view', agent('viewer')],
  ['an agent that may operate', agent('operator')],
];

describe('what a route needs', () => {
  it.each<[Need, boolean[]]>([
    ['viewer', [true, true, true, false, true, true]],
    ['operator', [false, true, true, false, false, true]],
    ['admin', [false, false, true, false, false, false]],
  ])('%s is had by those of that rank or above, whichever agent it is about', (need, expected) => {
    for (const agentId of ['a', 'b', null]) {
      expect(WHO.map(([, principal]) => isAllowed(principal, need, agentId))).toEqual(expected);
    }
  });

  it.each<[string, string | null, boolean[]]>([
    ['the very agent', 'a', [false, true, true, true, true, true]],
    ['another agent', 'b', [false, true, true, false, false, true]],
    ['no agent', null, [false, true, true, false, false, true]],
  ])('to be the agent itself, where it is about %s, is had by it and by operators', (_what, agentId, expected) => {
    expect(WHO.map(([, principal]) => isAllowed(principal, 'own-agent', agentId))).toEqual(expected);
  });
});
