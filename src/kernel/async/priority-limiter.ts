interface Waiting {
  readonly priority: number;
  readonly start: () => Promise<unknown>;
}

/**
 * Runs at most `concurrency` tasks at once. The others wait, by priority, then in the order of the calls. A running task
 * is never interrupted. Tasks of a high priority can therefore delay the others for as long as they keep coming.
 *
 * The package `p-queue` does the same, but its maintained versions are ES modules, and this project is CommonJS.
 */
export class PriorityLimiter {
  /** In the order in which they will start. */
  private readonly waiting: Waiting[] = [];
  private runningCount = 0;

  /** @param concurrency at least 1 @throws RangeError for any other number */
  constructor(private readonly concurrency: number) {
    if (!(concurrency >= 1)) throw new RangeError(`concurrency must be at least 1, and was ${concurrency}`);
  }

  /**
   * Runs the task when its turn comes: within this call if a place is free. A task that fails frees its place too.
   *
   * @param priority a lower number starts first
   * @returns the outcome of the task. The next task starts before the caller resumes
   */
  run<T>(priority: number, task: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      const start = () => {
        // A task that throws before its first await must free its place as well.
        const outcome = new Promise<T>((settle) => {
          settle(task());
        });
        resolve(outcome);
        return outcome;
      };
      const behind = this.waiting.findIndex((other) => other.priority > priority);
      this.waiting.splice(behind === -1 ? this.waiting.length : behind, 0, { priority, start });
      this.startWaiting();
    });
  }

  private startWaiting(): void {
    while (this.runningCount < this.concurrency) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.runningCount += 1;
      const onSettled = () => {
        this.runningCount -= 1;
        this.startWaiting();
      };
      next.start().then(onSettled, onSettled);
    }
  }
}
