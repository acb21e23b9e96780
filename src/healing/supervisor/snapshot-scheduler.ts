import { NextFlight } from '../../kernel';
import type { ProcessReader, ProcessSnapshot } from '../../processes';

/**
 * Takes snapshots, one at a time. All requests made during one share the next: a bulk spawn costs one snapshot after
 * it, not one per agent.
 */
export class SnapshotScheduler {
  private stopped = false;
  /** True once a scan has failed: its caller waits for what a scan shows. */
  private isScanOwed = false;
  /** Ends the wait for the snapshot in progress, which may never come. */
  private release: () => void = () => undefined;
  private readonly snapshots = new NextFlight<void, boolean>(
    (scan) => this.takeUnlessStopped(scan),
    (waiting, added) => waiting || added,
  );

  constructor(
    private readonly runtime: ProcessReader,
    private readonly onSnapshot: (snapshot: ProcessSnapshot, scanned: boolean) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Requests a snapshot that begins after now. Resolves once it was taken and handed on, or has failed. After a scan that
   * failed, the next snapshot is a scan.
   */
  request(scan: boolean): Promise<void> {
    return this.stopped ? Promise.resolve() : this.snapshots.run(scan);
  }

  /** Takes no more snapshots, and releases every waiting caller. */
  stop(): void {
    this.stopped = true;
    this.release();
  }

  private takeUnlessStopped(scan: boolean): Promise<void> {
    if (this.stopped) return Promise.resolve();
    const released = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    return Promise.race([this.take(scan), released]);
  }

  private async take(scan: boolean): Promise<void> {
    const scans = scan || this.isScanOwed;
    try {
      const snapshot = await this.runtime.snapshot(scans);
      this.isScanOwed = false;
      if (!this.stopped) this.onSnapshot(snapshot, scans);
    } catch (error) {
      this.isScanOwed = scans;
      this.onError(error);
    }
  }
}
