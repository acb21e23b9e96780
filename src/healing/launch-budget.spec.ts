import fc from 'fast-check';
import { settled } from '../../test/support/fake-clock';
import { LAUNCH_ORDER, LaunchBudget, type LaunchRank } from './launch-budget';

/** A budget whose launches end when the test lets them. */
function makeBudget(concurrency: number) {
  const budget = new LaunchBudget(concurrency);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (rank: LaunchRank, name: string = rank) => {
    budget.add(rank, () => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, resolve));
    });
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    ends.delete(name);
    await settled();
  };
  return { begun, ends, add, end };
}

describe('the budget of launches', () => {
  it('lets so many go at once, and the next when one has ended', async () => {
    const { begun, add, end } = makeBudget(2);
    for (const name of ['a', 'b', 'c', 'd']) add('operator', name);
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes by who needs it most: a person, routing, first restarts, later ones, trials', async () => {
    const { begun, add, end } = makeBudget(1);
    add('trial', 'in hand');
    for (const rank of [...LAUNCH_ORDER].reverse()) add(rank);
    await end('in hand');
    for (const rank of LAUNCH_ORDER) await end(rank);
    expect(begun).toEqual(['in hand', 'operator', 'routing', 'first-restart', 'later-restart', 'trial']);
  });

  it('goes by who came first among equals', async () => {
    const { begun, add, end } = makeBudget(1);
    add('operator', 'in hand');
    for (const name of ['a', 'b']) add('trial', name);
    for (const name of ['c', 'd']) add('first-restart', name);
    for (const name of ['in hand', 'c', 'd', 'a']) await end(name);
    expect(begun).toEqual(['in hand', 'c', 'd', 'a', 'b']);
  });

  it('does not take back what has begun for somebody who comes later', () => {
    const { begun, add } = makeBudget(1);
    add('trial');
    add('operator');
    expect(begun).toEqual(['trial']);
  });

  it('never exceeds itself, and forgets nobody, whatever comes and ends when', async () => {
    const steps = fc.array(fc.oneof(fc.constantFrom(...LAUNCH_ORDER), fc.constant('end' as const)), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (played, concurrency) => {
        const { begun, ends, add, end } = makeBudget(concurrency);
        let added = 0;
        for (const step of played) {
          if (step !== 'end') add(step, `${step} ${added++}`);
          else await end([...ends.keys()][0] ?? '');
          expect(ends.size).toBeLessThanOrEqual(concurrency);
        }
        while (ends.size > 0) await end([...ends.keys()][0] ?? '');
        expect(new Set(begun).size).toBe(added);
      }),
      { numRuns: 30 },
    );
  });
});
