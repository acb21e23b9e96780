/** A timer that was set and can be taken back; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as everything here sees it, injected so that back-off and cool-down run on a fake clock in tests.
 */
export interface Clock {
  /**
   * Milliseconds that only ever grow, counted from the epoch by the wall clock as it stood when the process began and
   * advanced by the monotonic clock. Every due time is on this scale, so that setting the wall clock strands nothing.
   */
  now(): number;
  /** Milliseconds since the epoch by the wall clock: for what people read, never for a decision. */
  wall(): number;
  /** Calls `action` once, after `delayMs` (at least 0). */
  after(delayMs: number, action: () => void): Timer;
}

/** Resolves after `delayMs` of this clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Resolves true once the promise has resolved, false when it has not within `limitMs`; rejects as it does. */
export function isSettledWithin(clock: Clock, promise: Promise<unknown>, limitMs: number): Promise<boolean> {
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

/** An ISO 8601 UTC time of epoch milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
