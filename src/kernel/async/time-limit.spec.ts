import { FakeClock, settled } from '../../../test/support/fake-clock';
import { createDeferred } from './deferred';
import { isSettledWithin, sleep, startTimeLimit, withTimeout } from './time-limit';

/** Records how a promise settles. */
function observe(promise: Promise<unknown>): unknown[] {
  const outcomes: unknown[] = [];
  promise.then(
    (value) => outcomes.push(value),
    (error: unknown) => outcomes.push(error),
  );
  return outcomes;
}

const LATE = new Error('too late');

describe.each([
  ['sleep', (clock: FakeClock) => sleep(clock, 1_000), undefined],
  ['isSettledWithin', (clock: FakeClock, never: Promise<string>) => isSettledWithin(clock, never, 1_000), false],
  ['withTimeout', (clock: FakeClock, never: Promise<string>) => withTimeout(clock, never, 1_000, () => LATE), LATE],
] as const)('%s', (_, wait, outcome) => {
  it('settles at its limit, not before', async () => {
    const clock = new FakeClock();
    const outcomes = observe(wait(clock, createDeferred<string>().promise));
    await clock.advance(999);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(outcomes).toEqual([outcome]);
  });

  it('does not count a suspend', async () => {
    const clock = new FakeClock();
    const outcomes = observe(wait(clock, createDeferred<string>().promise));
    clock.freezeFor(60_000);
    await clock.advance(1);
    expect(outcomes).toEqual([]);
    await clock.advance(500);
    expect(outcomes).toEqual([outcome]);
  });
});

describe('isSettledWithin', () => {
  it('resolves to true once the promise resolves', async () => {
    const clock = new FakeClock();
    const { promise, resolve } = createDeferred<string>();
    const outcomes = observe(isSettledWithin(clock, promise, 1_000));
    resolve('done');
    await settled();
    expect(outcomes).toEqual([true]);
  });

  it('rejects with the error of the promise', async () => {
    const error = new Error('away');
    await expect(isSettledWithin(new FakeClock(), Promise.reject(error), 1_000)).rejects.toBe(error);
  });

  it('ignores an error after the limit', async () => {
    const clock = new FakeClock();
    const { promise, reject } = createDeferred<string>();
    const outcomes = observe(isSettledWithin(clock, promise, 1_000));
    await clock.advance(1_000);
    reject(new Error('away'));
    await settled();
    expect(outcomes).toEqual([false]);
  });
});

describe('withTimeout', () => {
  it('settles like the promise', async () => {
    const clock = new FakeClock();
    const error = new Error('away');
    expect(await withTimeout(clock, Promise.resolve('done'), 1_000, () => LATE)).toBe('done');
    await expect(withTimeout(clock, Promise.reject(error), 1_000, () => LATE)).rejects.toBe(error);
  });

  it('ignores an error after the limit', async () => {
    const clock = new FakeClock();
    const { promise, reject } = createDeferred<string>();
    const outcomes = observe(withTimeout(clock, promise, 1_000, () => LATE));
    await clock.advance(1_000);
    reject(new Error('away'));
    await settled();
    expect(outcomes).toEqual([LATE]);
  });

  it('creates its error only when the limit is reached, and cancels the timer otherwise', async () => {
    const clock = new FakeClock();
    const createError = jest.fn(() => LATE);
    await withTimeout(clock, Promise.resolve('done'), 1_000, createError);
    await clock.advance(2_000);
    expect(createError).not.toHaveBeenCalled();
  });
});

describe('a time limit', () => {
  it('aborts once it is reached', async () => {
    const clock = new FakeClock();
    const { signal } = startTimeLimit(clock, 100);
    await clock.advance(99);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
  });

  it('does not count a suspend', async () => {
    const clock = new FakeClock();
    const { signal } = startTimeLimit(clock, 1_000);
    clock.freezeFor(60_000);
    await clock.advance(1);
    expect(signal.aborted).toBe(false);
    await clock.advance(500);
    expect(signal.aborted).toBe(true);
  });

  it('never aborts once it is cancelled', async () => {
    const clock = new FakeClock();
    const limit = startTimeLimit(clock, 100);
    limit.cancel();
    await clock.advance(1_000);
    expect(limit.signal.aborted).toBe(false);
  });
});
