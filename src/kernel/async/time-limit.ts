import type { Clock } from '../ports';

/*
 * Every wait of this file uses the injected clock. A suspend of the machine or of the process does not count: an answer
 * that arrived meanwhile is read before its limit is reached. The package `p-timeout` counts by `setTimeout`, which is
 * due at once after a suspend. It would discard the answer, and the request would be sent again.
 */

/** Resolves after `delayMs` of this clock. */
export function sleep(clock: Pick<Clock, 'after'>, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Resolves to true when the promise resolves, or to false after `limitMs`. Rejects if the promise rejects first. */
export function isSettledWithin(
  clock: Pick<Clock, 'after'>,
  promise: Promise<unknown>,
  limitMs: number,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      resolve(false);
    });
    promise
      .then(() => {
        resolve(true);
      }, reject)
      .finally(() => {
        timer.cancel();
      });
  });
}

/**
 * Resolves or rejects like the promise, or rejects after `limitMs`. The work behind the promise goes on, and its later
 * outcome is ignored.
 *
 * @param createError called only when the limit is reached
 */
export function withTimeout<T>(
  clock: Pick<Clock, 'after'>,
  promise: Promise<T>,
  limitMs: number,
  createError: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      reject(createError());
    });
    promise.then(resolve, reject).finally(() => {
      timer.cancel();
    });
  });
}

/** A running time limit. */
export interface TimeLimit {
  /** Aborts when the limit is reached. */
  readonly signal: AbortSignal;
  cancel(): void;
}

/** Starts a time limit of `limitMs`, for a call that accepts a signal. The caller must cancel it once it is over. */
export function startTimeLimit(clock: Pick<Clock, 'after'>, limitMs: number): TimeLimit {
  const aborter = new AbortController();
  const timer = clock.after(limitMs, () => {
    aborter.abort();
  });
  return {
    signal: aborter.signal,
    cancel: () => {
      timer.cancel();
    },
  };
}
