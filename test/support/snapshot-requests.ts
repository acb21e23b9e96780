import { SnapshotScheduler } from '../../src/healing/supervisor/snapshot-scheduler';
import type { ProcessReader, ProcessSnapshot } from '../../src/processes';
import { settled } from './fake-clock';

/** Reader whose snapshots complete when the test lets them. */
class FakeReader implements ProcessReader {
  readonly asked: boolean[] = [];
  private readonly open: ((outcome: ProcessSnapshot | Error) => void)[] = [];

  snapshot(scan: boolean): Promise<ProcessSnapshot> {
    this.asked.push(scan);
    return new Promise((resolve, reject) => {
      this.open.push((outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  async answer(outcome: ProcessSnapshot | Error = snapshot(this.asked.length)): Promise<void> {
    this.open.shift()?.(outcome);
    await settled();
  }

  isConnected(): boolean {
    return true;
  }

  isAlive(): boolean {
    return true;
  }
}

const snapshot = (beganAt: number): ProcessSnapshot => ({
  ...{ beganAt, listed: [], unlisted: [] },
  daemon: { pid: 99, startTime: 1, version: '7.0.4' },
});

/**
 * Makes a scheduler that records the snapshots it hands on, its errors, and the requests that were answered.
 *
 * @param onSeen called when a snapshot is handed on
 */
export function makeScheduler(onSeen: (snapshots: SnapshotScheduler) => void = () => undefined) {
  const reader = new FakeReader();
  const seen: string[] = [];
  const failed: unknown[] = [];
  const snapshots: SnapshotScheduler = new SnapshotScheduler(
    reader,
    ({ beganAt }, scanned) => {
      seen.push(`${beganAt}${scanned ? ' scanned' : ''}`);
      onSeen(snapshots);
    },
    (error) => failed.push(error),
  );
  const resolved: string[] = [];
  const request = (name: string, scan = false) => {
    void snapshots.request(scan).then(() => resolved.push(name));
  };
  return { reader, snapshots, seen, failed, resolved, request };
}
