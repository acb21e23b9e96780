import * as fc from 'fast-check';
import { AGENT_STATUSES } from '../kernel';
import { rankCandidates, type Candidate } from './select';

const makeCandidate = (changes: Partial<Candidate> = {}): Candidate => ({
  ...{ agentId: 'a', score: 90, status: 'running', circuit: 'CLOSED', chosenAt: null, isExcluded: false },
  ...changes,
});

const candidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(
  fc.record({
    agentId: fc.stringMatching(/^[a-z]{1,3}$/),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
    status: fc.constantFrom(...AGENT_STATUSES),
    circuit: fc.constantFrom('CLOSED', 'OPEN', 'HALF_OPEN'),
    chosenAt: fc.option(fc.nat(1_000)),
    isExcluded: fc.boolean(),
  }),
  { selector: ({ agentId }) => agentId },
);

describe('the ranking of candidates', () => {
  it.each([
    ['rejects a stopped agent', { status: 'stopped' }, 'stopped'],
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
    ['the less recently chosen within a step of ten', { score: 91, chosenAt: 1 }, { score: 99, chosenAt: 2 }],
    ['the less recently chosen within the top step', { score: 90, chosenAt: 1 }, { score: 100, chosenAt: 2 }],
    ['an agent that was never chosen within a step', { score: 91 }, { score: 99, chosenAt: 2 }],
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
      fc.property(candidates, (given) => {
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
    const chosen = new Map<string, number>(['a', 'b', 'c'].map((agentId) => [agentId, -1]));
    const turns: string[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      const [best] = rankCandidates([...chosen].map(([agentId, chosenAt]) => makeCandidate({ agentId, chosenAt })));
      turns.push(best?.agentId ?? '');
      chosen.set(best?.agentId ?? '', turn);
    }
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
  });
});
