import { messageOf } from '../kernel';

/**
 * Holds the resources to close at shutdown. It is created before the application, so that a start that fails halfway
 * leaves no worker thread behind.
 */
export class OpenResources {
  private readonly closers: (() => Promise<void>)[] = [];

  /** Registers a resource by the function that closes it. */
  add(close: () => Promise<void>): void {
    this.closers.push(close);
  }

  /**
   * Closes the resources in reverse order of `add`. One that cannot be closed does not keep the others open.
   *
   * @throws Error that names every resource that could not be closed
   */
  async close(): Promise<void> {
    const failures: string[] = [];
    for (const close of this.closers.splice(0).reverse())
      await close().catch((error: unknown) => failures.push(messageOf(error)));
    if (failures.length > 0) throw new Error(failures.join('; '));
  }
}
