import type { Clock } from '../../src/kernel';
import type { FakeDaemon, FakeEntry } from './fake-daemon';
import type { FakeProcess } from './fake-process';
import type { FakeSignals } from './fake-signals';

/** Time that `pm2 update` leaves between the death of the old daemon and the start of the new one. */
const UPDATE_MS = 500;

/** Machine that the shell runs on. */
interface ShellMachine {
  readonly daemon: FakeDaemon | null;
  readonly signals: FakeSignals;
  startDaemon(): FakeDaemon;
  killDaemon(): void;
  callDaemon(run: () => void): void;
  startProcess(entry: FakeEntry, startedBy: 'operator'): FakeProcess;
  newUniqueId(): string;
  processOf(entry: FakeEntry): FakeProcess | null;
  remove(process: FakeProcess, cause: 'operator'): void;
}

/** Runs PM2's command line as an operator does: each command is a call to the daemon. */
export class FakeShell {
  constructor(
    private readonly world: ShellMachine,
    private readonly clock: Clock,
  ) {}

  stop(agentId: string): void {
    this.onEntries(agentId, (entry) => {
      this.stopEntry(entry);
      this.world.signals.send({ kind: 'operator-stopped', ...aboutEntry(entry), at: this.clock.wall() });
    });
  }

  start(agentId: string): void {
    this.onEntries(agentId, (entry) => {
      if (entry.pid === null) this.startEntry(entry);
    });
  }

  restart(agentId: string): void {
    this.onEntries(agentId, (entry) => {
      this.stopEntry(entry);
      this.startEntry(entry);
    });
  }

  delete(agentId: string): void {
    this.onEntries(agentId, (entry) => {
      this.stopEntry(entry);
      this.world.daemon?.entries.delete(entry.entryId);
    });
  }

  /** Runs `pm2 kill`. */
  killDaemon(): void {
    this.endDaemon();
  }

  /** Runs `pm2 update`: a new daemon with the same running agents starts a moment later. */
  updateDaemon(): void {
    const running = this.endDaemon();
    if (running === null) return;
    this.clock.after(UPDATE_MS, () => {
      const daemon = this.world.startDaemon();
      for (const entry of running) {
        const again: FakeEntry = { ...entry, uniqueId: this.world.newUniqueId(), pid: null };
        daemon.entries.set(again.entryId, again);
        this.world.startProcess(again, 'operator');
      }
    });
  }

  /** Stops every agent and kills the daemon. @returns the entries that ran; null: the daemon does not answer */
  private endDaemon(): FakeEntry[] | null {
    const { world } = this;
    const { daemon } = world;
    if (daemon === null || daemon.isFrozen) return null;
    const running = [...daemon.entries.values()].filter((entry) => world.processOf(entry) !== null);
    for (const entry of running) this.stopEntry(entry);
    const { pid, startTime } = daemon.identity;
    world.signals.send({ kind: 'daemon-ending', daemon: { pid, startTime } });
    world.killDaemon();
    return running;
  }

  private onEntries(agentId: string, act: (entry: FakeEntry) => void): void {
    this.world.callDaemon(() => {
      for (const entry of this.world.daemon?.entriesOf(agentId) ?? []) act(entry);
    });
  }

  private startEntry(entry: FakeEntry): void {
    this.world.startProcess(entry, 'operator');
    this.world.signals.send({ kind: 'operator-started', ...aboutEntry(entry) });
  }

  private stopEntry(entry: FakeEntry): void {
    const process = this.world.processOf(entry);
    entry.state = 'stopped';
    if (entry.pid === null) return;
    entry.pid = null;
    entry.wasEndOrdered = true;
    if (process !== null) this.world.remove(process, 'operator');
    const exit = { runId: entry.runId, exitCode: 0, signal: 'SIGTERM', ordered: true };
    this.world.signals.send({ kind: 'exited', ...aboutEntry(entry), ...exit });
  }
}

/** Returns what every signal about an entry carries. */
export function aboutEntry({ agentId, upSince }: FakeEntry): { agentId: string; upSince: number } {
  return { agentId, upSince };
}
