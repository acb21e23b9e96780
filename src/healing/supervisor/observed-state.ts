import { detailOf, isSettledWithin } from '../../kernel';
import type { ProcessIdentity, ProcessSnapshot } from '../../processes';
import type { AgentActors } from '../actor/agent-actors';
import { observationsOf, withKnownRun } from '../actor/observations';
import type { SupervisionPorts } from '../actor/ports';
import { findUnregistered, type UnregisteredProcesses } from '../actor/unregistered-processes';
import { SnapshotScheduler } from './snapshot-scheduler';

/** Takes snapshots and hands each actor its part as an observation. */
export class ObservedState {
  /** Error of the last snapshot; null: it succeeded, or none was taken. */
  lastError: string | null = null;
  /**
   * False until the first snapshot with a full scan. Before that, no process from before the supervisor's start is
   * judged.
   */
  hasBooted = false;
  private readonly snapshots: SnapshotScheduler;
  private latestSnapshot: ProcessSnapshot | null = null;
  private endBoot: () => void = () => undefined;
  private readonly boot = new Promise<void>((resolve) => {
    this.endBoot = resolve;
  });

  constructor(
    private readonly ports: SupervisionPorts,
    private readonly actors: AgentActors,
    private readonly reapUnregistered: (found: UnregisteredProcesses) => void,
  ) {
    this.snapshots = new SnapshotScheduler(
      ports.runtime,
      (snapshot, scanned) => {
        this.onSnapshot(snapshot, scanned);
      },
      (error) => {
        this.onError(error);
      },
    );
  }

  /**
   * Requests a snapshot that begins after now. Resolves once it was handed to the actors, or has failed. The first one
   * scans the whole process table.
   */
  refresh(scan: boolean): Promise<void> {
    return this.snapshots.request(scan || !this.hasBooted);
  }

  /** Waits for the first snapshot. @returns false if it did not come within `limitMs` */
  waitForBoot(limitMs: number): Promise<boolean> {
    return isSettledWithin(this.ports.clock, this.boot, limitMs);
  }

  latest(): ProcessSnapshot | null {
    return this.latestSnapshot;
  }

  stop(): void {
    this.snapshots.stop();
  }

  private onSnapshot(snapshot: ProcessSnapshot, scanned: boolean): void {
    const boot = !this.hasBooted;
    this.latestSnapshot = snapshot;
    this.lastError = null;
    const isAlive = (process: ProcessIdentity) => this.ports.runtime.isAlive(process);
    for (const [agentId, seen] of observationsOf(this.actors.ids(), snapshot, { scanned, boot })) {
      const lastRun = this.actors.situationOf(agentId)?.state.lastRun ?? null;
      const observation = withKnownRun(seen, agentId, lastRun, isAlive);
      this.actors.find(agentId)?.post({ type: 'observed', observation });
    }
    this.reapUnregistered(findUnregistered(snapshot, (agentId) => this.actors.find(agentId) !== null));
    if (!boot) return;
    this.hasBooted = true;
    this.endBoot();
    for (const actor of this.actors.all()) actor.arm();
  }

  private onError(error: unknown): void {
    const isNew = this.lastError === null;
    this.lastError = detailOf(error);
    if (isNew) this.ports.log.warn({ error: this.lastError }, 'snapshot failed');
  }
}
