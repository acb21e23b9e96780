import * as fc from 'fast-check';
import { AGENT_STATUSES } from '../kernel';
import { ranked, type Candidate } from './select';

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

describe('the choice among capable agents', () => {
  it.each([
    ['stopped', { status: 'stopped' }, 'stopped'],
    ['excluded', { isExcluded: true }, 'excluded by the caller'],
    ['halted', { circuit: 'OPEN', status: 'halted' }, 'its circuit is OPEN'],
    ['on trial', { circuit: 'HALF_OPEN' }, 'its circuit is HALF_OPEN'],
    ['recovering', { status: 'recovering' }, 'it is recovering'],
    ['unknown', { status: 'unknown' }, 'it is unknown'],
    ['weak', { score: 49 }, 'its score is 49'],
    ['just well enough', { score: 50 }, null],
    ['not checked yet', { score: null }, null],
  ] as const)('%s', (_, changes, rejected) => {
    expect(ranked([makeCandidate(changes)])[0]?.rejected).toBe(rejected);
  });

  it.each([
    ['the higher score', { score: 95 }, { score: 70 }],
    ['of one step of ten the less recently chosen', { score: 91, chosenAt: 1 }, { score: 99, chosenAt: 2 }],
    ['of the top step too', { score: 90, chosenAt: 1 }, { score: 100, chosenAt: 2 }],
    ['of one step one that was never chosen', { score: 91 }, { score: 99, chosenAt: 2 }],
    ['whoever is able', { score: 50 }, { score: 100, status: 'recovering' }],
  ] as const)('prefers %s', (_, better, worse) => {
    const [first] = ranked([
      makeCandidate({ agentId: 'worse', ...worse }),
      makeCandidate({ agentId: 'better', ...better }),
    ]);
    expect(first?.agentId).toBe('better');
  });

  it('never puts one that is rejected before one that is able, and depends on no order', () => {
    fc.assert(
      fc.property(candidates, (given) => {
        const order = ranked(given);
        const firstRejected = order.findIndex(({ rejected }) => rejected !== null);
        if (firstRejected >= 0)
          expect(order.slice(firstRejected).every(({ rejected }) => rejected !== null)).toBe(true);
        expect(ranked([...given].reverse())).toEqual(order);
        expect(order).toHaveLength(given.length);
      }),
    );
  });

  it('is fair among equals: each has its turn', () => {
    const chosen = new Map<string, number>(['a', 'b', 'c'].map((agentId) => [agentId, -1]));
    const turns: string[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      const [best] = ranked([...chosen].map(([agentId, chosenAt]) => makeCandidate({ agentId, chosenAt })));
      turns.push(best?.agentId ?? '');
      chosen.set(best?.agentId ?? '', turn);
    }
    expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
  });
});
