import type { EventDraft } from '../../../src/events';
import type { Change, CommitOptions, Journal } from '../../../src/healing/actor/journal';
import type { SavedHeartbeat } from '../../../src/health/heartbeat/heartbeat-store';
import type { Tx } from '../../../src/persistence';
import type { WriteQueue } from '../../../src/persistence/write-queue';
import { writesOf } from './disk-connection';
import type { FakeDisk } from './fake-disk';

/** Saves decisions and heartbeats on the fake disk, through the production write queue. */
export class DiskJournal implements Journal {
  /** Events of all decisions that no caller waited for. Each of them has to be in the history in the end. */
  readonly recorded: EventDraft[] = [];

  constructor(
    private readonly disk: FakeDisk,
    private readonly queue: WriteQueue,
    private readonly say: (line: string) => void,
  ) {}

  commit(change: Change, options: CommitOptions): Promise<void> {
    const work = (tx: Tx) => {
      this.append(tx, change, true);
      this.saveState(tx, change, true);
    };
    return this.queue.submit(work, { subject: change.agentId, ...options });
  }

  commitEventually(change: Change): Promise<void> {
    const { agentId, events } = change;
    for (const event of events) this.say(`${agentId} ${event.type} ${JSON.stringify(event.data)}`);
    this.recorded.push(...events);
    const append = (tx: Tx) => {
      this.append(tx, change, false);
    };
    const work = (tx: Tx) => {
      this.saveState(tx, change, false);
    };
    return this.queue.submitEventually({ append, state: { key: 'supervision', work } }, 'a change', agentId);
  }

  /** Saves what an agent announced. Resolves with true once it is on disk. */
  async saveHeartbeat(agentId: string, heartbeat: SavedHeartbeat): Promise<true> {
    await this.queue.submit((tx) => {
      this.disk.check(agentId, true);
      writesOf(tx).push((disk) => {
        if (disk.definitions.has(agentId)) disk.heartbeats.set(agentId, heartbeat);
      });
    });
    return true;
  }

  private append(tx: Tx, change: Change, isCommand: boolean): void {
    this.disk.check(change.agentId, isCommand);
    writesOf(tx).push((disk) => {
      disk.append(change);
    });
  }

  private saveState(tx: Tx, change: Change, isCommand: boolean): void {
    this.disk.check(change.agentId, isCommand);
    writesOf(tx).push((disk) => {
      disk.saveState(change);
    });
  }
}
