import fc from 'fast-check';
import { settled } from '../../../test/support/fake-clock';
import { createDeferred, type Deferred } from './deferred';
import { NextFlight, SingleFlight } from './flight';

describe('SingleFlight', () => {
  it('starts the work within the call', () => {
    const begun: string[] = [];
    void new SingleFlight<void>().run(() => {
      begun.push('a');
      return Promise.resolve();
    });
    expect(begun).toEqual(['a']);
  });

  it('joins a call that arrives while one runs, and starts no other work', async () => {
    const flight = new SingleFlight<number>();
    const { promise, resolve } = createDeferred<number>();
    const first = flight.run(() => promise);
    const unused = jest.fn(() => Promise.resolve(2));
    const second = flight.run(unused);
    resolve(1);
    expect([await first, await second]).toEqual([1, 1]);
    expect(unused).not.toHaveBeenCalled();
  });

  it('gives all callers the error, and starts again for the next call', async () => {
    const flight = new SingleFlight<number>();
    const { promise, reject } = createDeferred<number>();
    const both = [flight.run(() => promise), flight.run(() => promise)];
    reject(new Error('away'));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flight.run(() => Promise.resolve(2))).toBe(2);
  });

  it('starts other work for a caller that resumes from a run', async () => {
    const flight = new SingleFlight<number>();
    const later = flight.run(() => Promise.resolve(1)).then(() => flight.run(() => Promise.resolve(2)));
    expect(await later).toBe(2);
  });
});

/** Makes a flight whose runs end when the test lets them. */
function makeFlight() {
  const requests: string[] = [];
  const runs: Deferred<number>[] = [];
  const flight = new NextFlight<number, string>(
    (request) => {
      requests.push(request);
      const run = createDeferred<number>();
      runs.push(run);
      return run.promise;
    },
    (waiting, added) => `${waiting}+${added}`,
  );
  return { flight, requests, runs };
}

describe('NextFlight', () => {
  it('starts one run for calls of the same tick', async () => {
    const { flight, requests, runs } = makeFlight();
    const both = [flight.run('a'), flight.run('b')];
    expect(requests).toEqual([]);
    await settled();
    expect(requests).toEqual(['a+b']);
    runs[0]?.resolve(1);
    expect(await Promise.all(both)).toEqual([1, 1]);
  });

  it('gives calls that arrive during a run the next one, which they share', async () => {
    const { flight, requests, runs } = makeFlight();
    const first = flight.run('a');
    await settled();
    const waiting = [flight.run('b'), flight.run('c'), flight.run('d')];
    await settled();
    expect(requests).toEqual(['a']);
    runs[0]?.resolve(1);
    expect(await first).toBe(1);
    await settled();
    runs[1]?.resolve(2);
    expect(await Promise.all(waiting)).toEqual([2, 2, 2]);
    expect(requests).toEqual(['a', 'b+c+d']);
  });

  it.each<readonly [string, (run: Deferred<number>) => void]>([
    [
      'fails',
      (run) => {
        run.reject(new Error('away'));
      },
    ],
    [
      'succeeds',
      (run) => {
        run.resolve(1);
      },
    ],
  ])('starts the next run after one that %s', async (_, settle) => {
    const { flight, runs } = makeFlight();
    const first = flight.run('a').catch(() => 0);
    await settled();
    const next = flight.run('b');
    settle(runs[0] ?? createDeferred());
    await first;
    await settled();
    runs[1]?.resolve(2);
    expect(await next).toBe(2);
  });

  it('gives the error of a run to the callers of that run only', async () => {
    const { flight, runs } = makeFlight();
    const first = flight.run('a');
    const shared = flight.run('b');
    await settled();
    const next = flight.run('c');
    runs[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await expect(shared).rejects.toThrow('away');
    await settled();
    runs[1]?.resolve(2);
    expect(await next).toBe(2);
  });

  it('survives work that throws before its first await', async () => {
    let isFirst = true;
    const flight = new NextFlight<number>(() => {
      if (!isFirst) return Promise.resolve(2);
      isFirst = false;
      throw new Error('at once');
    });
    await expect(flight.run()).rejects.toThrow('at once');
    expect([flight.isIdle, await flight.run()]).toEqual([true, 2]);
  });

  it('starts another run for a caller that resumes from one', async () => {
    const { flight, requests, runs } = makeFlight();
    void flight.run('a').then(() => flight.run('b'));
    await settled();
    runs[0]?.resolve(1);
    await settled();
    expect(requests).toEqual(['a', 'b']);
  });

  it('uses the last request of a shared run by default', async () => {
    const flight = new NextFlight<string, string>((request) => Promise.resolve(request));
    expect(await Promise.all(['a', 'b'].map((request) => flight.run(request)))).toEqual(['b', 'b']);
  });

  it('is idle before its first run, and again when the callers of the last one resume', async () => {
    const { flight, runs } = makeFlight();
    const seen = [flight.isIdle];
    const first = flight.run('a').then(() => seen.push(flight.isIdle));
    seen.push(flight.isIdle);
    await settled();
    const second = flight.run('b').catch(() => seen.push(flight.isIdle));
    runs[0]?.resolve(1);
    await first;
    await settled();
    runs[1]?.reject(new Error('away'));
    await second;
    expect(seen).toEqual([true, false, false, true]);
  });

  it('waits for the run that is in progress and for the one that waits', async () => {
    const { flight, runs } = makeFlight();
    const over: string[] = [];
    const failing = expect(flight.run('a')).rejects.toThrow('away');
    await settled();
    void flight.run('b');
    void flight.waitUntilIdle().then(() => over.push('over'));
    runs[0]?.reject(new Error('away'));
    await failing;
    await settled();
    expect(over).toEqual([]);
    runs[1]?.resolve(2);
    await settled();
    expect(over).toEqual(['over']);
  });

  it('never overlaps runs, and answers each call by the first run that began after it', async () => {
    const steps = fc.array(fc.constantFrom('call', 'end', 'fail', 'wait'), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (played) => {
        let begun = 0;
        let open: Deferred<number> | null = null;
        const flight = new NextFlight<number>(() => {
          expect(open).toBeNull();
          begun += 1;
          open = createDeferred<number>();
          return open.promise;
        });
        const end = async (isFailing: boolean) => {
          const run = open;
          open = null;
          if (isFailing) run?.reject(begun);
          else run?.resolve(begun);
          await settled();
        };
        const calls: Promise<void>[] = [];
        const check = (expected: number) => (run: number) => {
          expect(run).toBe(expected);
        };
        for (const step of played) {
          if (step === 'wait') await settled();
          else if (step !== 'call') await end(step === 'fail');
          else calls.push(flight.run().then(check(begun + 1), check(begun + 1)));
        }
        for (let round = 0; !flight.isIdle && round < 3; round += 1) {
          await settled();
          await end(false);
        }
        await Promise.all(calls);
        expect(flight.isIdle).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
