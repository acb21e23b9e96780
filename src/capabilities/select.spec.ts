import * as fc from 'fast-check';
import { anyCandidates, makeCandidate } from '../../test/support/route-candidates';
import { rankCandidates } from './select';

describe('the ranking of candidates', () => {
  it.each([
    ['rejects a stopped agent', { status: 'stopped' }, 'stopped'],
    ['rejects a stopped and paused agent', { status: 'stopped', isPaused: true }, 'stopped and paused'],
    [
      'rejects a stopped agent with an open circuit',
      { status: 'stopped', circuit: 'OPEN' },
      'stopped, and its circuit is OPEN',
    ],
    ['rejects an agent that is being started', { status: 'stopped', isBeingStarted: true }, 'it is being started'],
    ['rejects an agent that must not be started, and says why', { status: 'stopped', hindrance: 'why' }, 'why'],
    ['rejects an excluded agent', { isExcluded: true }, 'excluded by the caller'],
    ['rejects a halted agent', { circuit: 'OPEN', status: 'halted' }, 'its circuit is OPEN'],
    ['rejects an agent in its trial', { circuit: 'HALF_OPEN' }, 'its circuit is HALF_OPEN'],
    ['rejects a recovering agent', { status: 'recovering' }, 'its status is recovering'],
    ['rejects an unknown agent', { status: 'unknown' }, 'its status is unknown'],
    ['rejects a score of 49', { score: 49 }, 'its score is 49'],
    ['accepts a score of 50', { score: 50 }, null],
    ['accepts an agent without a score', { score: null }, null],
  ] as const)('%s', (_, changes, rejected) => {
    expect(rankCandidates([makeCandidate(changes)])[0]?.rejected).toBe(rejected);
  });

  it.each([
    ['the higher score', { score: 95 }, { score: 70 }],
    ['the less recently chosen within a step of ten', { score: 91, turn: 1 }, { score: 99, turn: 2 }],
    ['the less recently chosen within the top step', { score: 90, turn: 1 }, { score: 100, turn: 2 }],
    ['an agent that was never chosen within a step', { score: 91 }, { score: 99, turn: 2 }],
    ['an available agent with a lower score', { score: 50 }, { score: 100, status: 'recovering' }],
  ] as const)('prefers %s', (_, better, worse) => {
    const [first] = rankCandidates([
      makeCandidate({ agentId: 'worse', ...worse }),
      makeCandidate({ agentId: 'better', ...better }),
    ]);
    expect(first?.agentId).toBe('better');
  });

  it('ranks every available agent before every rejected one, independent of the input order', () => {
    fc.assert(
      fc.property(anyCandidates, (given) => {
        const order = rankCandidates(given);
        const firstRejected = order.findIndex(({ rejected }) => rejected !== null);
        if (firstRejected >= 0)
          expect(order.slice(firstRejected).every(({ rejected }) => rejected !== null)).toBe(true);
        expect(rankCandidates([...given].reverse())).toEqual(order);
        expect(order).toHaveLength(given.length);
      }),
    );
  });

  it('chooses equal candidates in turn', () => {
    const chosen = new Map<string, number | null>(['a', 'b', 'c'].map((agentId) => [agentId, null]));
    const turns: string[] = [];
    for (let turn = 1; turn < 10; turn += 1) {
      const [best] = rankCandidates([...chosen].map(([agentId, last]) => makeCandidate({ agentId, turn: last })));
      turns.push(best?.agentId ?? '');
      chosen.set(best?.agentId ?? '', turn);
    }
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
  });
});
