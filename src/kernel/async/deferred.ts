/** A promise, and the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  /** Resolves the promise, or makes it follow another one. A second call does nothing. */
  readonly resolve: (value: T | PromiseLike<T>) => void;
  /** Rejects the promise. If nothing handles it by the end of this turn, Node raises an unhandled rejection. */
  readonly reject: (reason: unknown) => void;
}

/**
 * Returns a promise that the caller settles later. Use it where an event settles the promise, as the message of a
 * worker thread does. Where a function does, an async function is shorter, and cannot forget to settle it.
 *
 * `Promise.withResolvers` does the same. It needs node 22, and this project still runs on node 20.
 */
export function createDeferred<T>(): Deferred<T> {
  // Promise runs its executor at once, so both are replaced before the return.
  let resolve: Deferred<T>['resolve'] = () => undefined;
  let reject: Deferred<T>['reject'] = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
