import { createDeferred } from './deferred';

/**
 * Lets one holder in at a time, in the order of the calls. It is not reentrant: a holder that acquires it again waits
 * forever. It has no time limit: a holder that never releases it blocks all others.
 *
 * The package `async-mutex` would serve too. This project needs only these two methods, so a dependency is not worth
 * its updates.
 */
export class Mutex {
  /** Resolves once the last caller that has acquired the mutex, or waits for it, has released it. Never rejects. */
  private last: Promise<void> = Promise.resolve();

  /** Resolves once the caller holds the mutex, to the function that releases it. Releasing it twice does nothing. */
  async acquire(): Promise<() => void> {
    const before = this.last;
    const { promise, resolve } = createDeferred<undefined>();
    this.last = promise;
    await before;
    return () => {
      resolve(undefined);
    };
  }

  /** Runs the work while it holds the mutex. The mutex is released even if the work fails. */
  async runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
