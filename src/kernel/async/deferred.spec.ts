import { createDeferred } from './deferred';

describe('a deferred promise', () => {
  it('resolves to the value', async () => {
    const { promise, resolve } = createDeferred<number>();
    resolve(1);
    expect(await promise).toBe(1);
  });

  it('follows another promise', async () => {
    const { promise, resolve } = createDeferred<number>();
    resolve(Promise.reject(new Error('away')));
    await expect(promise).rejects.toThrow('away');
  });

  it('follows a promise that is still pending, although the caller rejects it in the meantime', async () => {
    const other = createDeferred<number>();
    const { promise, resolve, reject } = createDeferred<number>();
    resolve(other.promise);
    reject(new Error('away'));
    other.resolve(1);
    expect(await promise).toBe(1);
  });

  it('keeps its first outcome', async () => {
    const { promise, resolve, reject } = createDeferred<number>();
    reject(new Error('away'));
    resolve(1);
    await expect(promise).rejects.toThrow('away');
  });
});
