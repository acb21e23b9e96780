import fc from 'fast-check';
import { settled } from '../../../test/support/fake-clock';
import { createDeferred } from './deferred';
import { Mutex } from './mutex';

describe('a mutex', () => {
  it('lets the next holder in once the present one releases it', async () => {
    const mutex = new Mutex();
    const entered: string[] = [];
    const release = await mutex.acquire();
    void mutex.acquire().then(() => entered.push('next'));
    await settled();
    expect(entered).toEqual([]);
    release();
    await settled();
    expect(entered).toEqual(['next']);
  });

  it('lets no third holder in if it is released twice', async () => {
    const mutex = new Mutex();
    const entered: string[] = [];
    const release = await mutex.acquire();
    for (const name of ['second', 'third']) void mutex.acquire().then(() => entered.push(name));
    release();
    release();
    await settled();
    expect(entered).toEqual(['second']);
  });

  it('returns the outcome of exclusive work', async () => {
    const mutex = new Mutex();
    expect(await mutex.runExclusive(() => Promise.resolve(1))).toBe(1);
    await expect(mutex.runExclusive(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it('is released by work that fails', async () => {
    const mutex = new Mutex();
    const failing = [
      mutex.runExclusive(() => Promise.reject(new Error('away'))),
      mutex.runExclusive(() => {
        throw new Error('at once');
      }),
    ];
    expect(await mutex.runExclusive(() => Promise.resolve('next'))).toBe('next');
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('runs all work one at a time, in the order of the calls, whatever fails', async () => {
    const fates = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fates, async (isFailing) => {
        const mutex = new Mutex();
        const log: string[] = [];
        const gates = isFailing.map(() => createDeferred<number>());
        const runs = gates.map(({ promise }, index) =>
          mutex.runExclusive(async () => {
            log.push(`begin ${index}`);
            try {
              return await promise;
            } finally {
              log.push(`end ${index}`);
            }
          }),
        );
        // The gates open in reverse, so only the mutex keeps the order.
        for (const [index, { resolve, reject }] of [...gates.entries()].reverse()) {
          if (isFailing[index] === true) reject(new Error('away'));
          else resolve(index);
        }
        const outcomes = await Promise.allSettled(runs);
        expect(log).toEqual(gates.flatMap((_, index) => [`begin ${index}`, `end ${index}`]));
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(isFailing);
      }),
      { numRuns: 50 },
    );
  });
});
