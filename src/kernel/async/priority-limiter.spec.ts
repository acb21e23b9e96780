import fc from 'fast-check';
import { settled } from '../../../test/support/fake-clock';
import { PriorityLimiter } from './priority-limiter';

/** Makes a limiter whose tasks end when the test lets them. */
function makeLimiter(concurrency: number) {
  const limiter = new PriorityLimiter(concurrency);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (priority: number, name: string) =>
    limiter.run(priority, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const add = (priority: number, name: string) => void run(priority, name);
  const end = async (name: string) => {
    ends.get(name)?.();
    ends.delete(name);
    await settled();
  };
  return { limiter, begun, ends, run, add, end };
}

describe('a priority limiter', () => {
  it('runs up to its concurrency at once, and the next when one is over', async () => {
    const { begun, add, end } = makeLimiter(2);
    for (const name of ['a', 'b', 'c', 'd']) add(0, name);
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('starts tasks of one priority in the order of the calls, and those of a lower number first', async () => {
    const { begun, add, end } = makeLimiter(1);
    add(0, 'in hand');
    for (const name of ['a', 'b']) add(4, name);
    for (const name of ['c', 'd']) add(2, name);
    for (const name of ['in hand', 'c', 'd', 'a']) await end(name);
    expect(begun).toEqual(['in hand', 'c', 'd', 'a', 'b']);
  });

  it('does not interrupt a running task for one of a higher priority', () => {
    const { begun, add } = makeLimiter(1);
    add(4, 'running');
    add(0, 'urgent');
    expect(begun).toEqual(['running']);
  });

  it('returns the outcome of each task', async () => {
    const { limiter } = makeLimiter(1);
    const outcomes = [
      limiter.run(0, () => Promise.resolve('a')),
      limiter.run(0, () => Promise.reject(new Error('away'))),
      limiter.run(0, () => {
        throw new Error('at once');
      }),
      limiter.run(0, () => Promise.resolve('d')),
    ];
    const seen = await Promise.allSettled(outcomes);
    expect(seen).toMatchObject([
      { value: 'a' },
      { reason: { message: 'away' } },
      { reason: { message: 'at once' } },
      { value: 'd' },
    ]);
  });

  it('starts the next task before the caller of the last one resumes', async () => {
    const { begun, run, add, end } = makeLimiter(1);
    const seen: string[][] = [];
    void run(0, 'a').then(() => seen.push([...begun]));
    add(0, 'b');
    await end('a');
    expect(seen).toEqual([['a', 'b']]);
  });

  it.each([0, -1, NaN])('refuses a concurrency of %d, with which nothing would ever run', (concurrency) => {
    expect(() => new PriorityLimiter(concurrency)).toThrow(`concurrency must be at least 1, and was ${concurrency}`);
  });

  it('never exceeds its concurrency, leaves no place free while a task waits, and runs every task', async () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant('end' as const)), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (played, concurrency) => {
        const { begun, ends, add, end } = makeLimiter(concurrency);
        let added = 0;
        for (const step of played) {
          if (step !== 'end') add(step, `${step} ${added++}`);
          else await end([...ends.keys()][0] ?? '');
          const left = added - begun.length + ends.size;
          expect(ends.size).toBe(Math.min(concurrency, left));
        }
        while (ends.size > 0) await end([...ends.keys()][0] ?? '');
        expect(new Set(begun).size).toBe(added);
      }),
      { numRuns: 30 },
    );
  });
});
