import { isAllowed, type Need, type Principal } from './principal';

const caller = (role: 'viewer' | 'operator' | 'admin'): Principal => ({ kind: 'api-token', role });
const agent = (role: 'viewer' | 'operator' | null): Principal => ({ kind: 'agent', agentId: 'a', runId: 'r', role });

const WHO: readonly (readonly [string, Principal])[] = [
  ['a viewer', caller('viewer')],
  ['an operator', caller('operator')],
  ['an admin', caller('admin')],
  ['an agent with no role', agent(null)],
  ['an agent that may view', agent('viewer')],
  ['an agent that may operate', agent('operator')],
];

describe('a route', () => {
  it.each<[Need, boolean[]]>([
    ['viewer', [true, true, true, false, true, true]],
    ['operator', [false, true, true, false, false, true]],
    ['admin', [false, false, true, false, false, false]],
  ])('that requires %s admits that role and higher ones, for any agent', (need, expected) => {
    for (const agentId of ['a', 'b', null]) {
      expect(WHO.map(([, principal]) => isAllowed(principal, need, agentId))).toEqual(expected);
    }
  });

  it.each<[string, string | null, boolean[]]>([
    ['the same agent', 'a', [false, true, true, true, true, true]],
    ['another agent', 'b', [false, true, true, false, false, true]],
    ['no agent', null, [false, true, true, false, false, true]],
  ])('that requires the own agent admits that agent and operators, for %s', (_what, agentId, expected) => {
    expect(WHO.map(([, principal]) => isAllowed(principal, 'own-agent', agentId))).toEqual(expected);
  });
});
