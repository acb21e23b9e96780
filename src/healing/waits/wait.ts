/** One caller that waits until `settle` returns a value. It is settled once; later calls do nothing. */
export class Wait<T = unknown> {
  private isOver = false;

  /** @param onEnd called once when the wait is over, before its caller continues */
  constructor(
    private readonly settle: () => T | null,
    private readonly caller: {
      readonly resolve: (value: T | null) => void;
      readonly reject: (reason: unknown) => void;
    },
    private readonly onEnd: () => void,
  ) {}

  /** Ends the wait if `settle` returns a value or throws. */
  check(): void {
    if (this.isOver) return;
    try {
      const value = this.settle();
      if (value !== null) this.resolve(value);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Ends the wait at its timeout. Checks once more, because a change may not have been passed on yet. */
  expire(): void {
    this.check();
    this.resolve(null);
  }

  refuse(reason: unknown): void {
    if (!this.end()) return;
    this.caller.reject(reason);
  }

  private resolve(value: T | null): void {
    if (!this.end()) return;
    this.caller.resolve(value);
  }

  private end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.onEnd();
    return true;
  }
}
