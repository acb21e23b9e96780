import type { RuntimeReader, RuntimeSnapshot } from '../runtime';

/**
 * Takes lists, one at a time. Any number of requests made while one is under way are served by the next one: a bulk
 * spawn costs one list after it, not one an agent.
 */
export class Relister {
  private wanted: { scan: boolean } | null = null;
  private running: Promise<void> = Promise.resolve();
  private isWorking = false;
  private stopped = false;

  constructor(
    private readonly runtime: RuntimeReader,
    private readonly seen: (snapshot: RuntimeSnapshot, scanned: boolean) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Wishes for a list that begins after now; resolves once it was taken and told, or could not be taken. */
  request(scan: boolean): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.wanted = { scan: scan || (this.wanted?.scan ?? false) };
    if (!this.isWorking) {
      this.isWorking = true;
      this.running = this.work();
    }
    return this.running;
  }

  stop(): void {
    this.stopped = true;
    this.wanted = null;
  }

  private async work(): Promise<void> {
    // What asks in the same breath shares one list.
    await Promise.resolve();
    while (this.wanted !== null) {
      const { scan } = this.wanted;
      this.wanted = null;
      try {
        const snapshot = await this.runtime.snapshot(scan);
        if (!this.stopped) this.seen(snapshot, scan);
      } catch (error) {
        this.failed(error);
      }
    }
    this.isWorking = false;
  }
}
