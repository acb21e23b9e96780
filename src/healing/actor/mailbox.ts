/**
 * Handles one message at a time, in order of arrival. A handler that throws is reported, and the next message is
 * handled.
 */
export class Mailbox<T> {
  private readonly waiting: T[] = [];
  private busy = false;

  constructor(
    private readonly handle: (message: T) => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Number of messages behind the one that is being handled. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  post(message: T): void {
    this.waiting.push(message);
    if (!this.busy) void this.drain();
  }

  /** Removes and returns all messages that were not handled yet. */
  clear(): T[] {
    return this.waiting.splice(0);
  }

  private async drain(): Promise<void> {
    this.busy = true;
    for (let message = this.waiting.shift(); message !== undefined; message = this.waiting.shift()) {
      try {
        await this.handle(message);
      } catch (error) {
        this.onError(error);
      }
    }
    this.busy = false;
  }
}
