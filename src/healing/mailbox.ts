/**
 * Takes one message at a time, in the order in which they came. A handler that throws is reported, and the next message
 * is taken all the same.
 */
export class Mailbox<T> {
  private readonly waiting: T[] = [];
  private busy = false;

  constructor(
    private readonly handle: (message: T) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.waiting.length + (this.busy ? 1 : 0);
  }

  post(message: T): void {
    this.waiting.push(message);
    if (!this.busy) void this.drain();
  }

  private async drain(): Promise<void> {
    this.busy = true;
    for (let message = this.waiting.shift(); message !== undefined; message = this.waiting.shift()) {
      try {
        await this.handle(message);
      } catch (error) {
        this.failed(error);
      }
    }
    this.busy = false;
  }
}
