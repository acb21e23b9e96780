import type { Clock, Random } from '../../src/kernel';
import type { DaemonIdentity, LaunchPlan, ListedProcess, RuntimeSignal, UnlistedProcess } from '../../src/runtime';

/** A process of the fake machine. */
export interface FakeProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly agentId: string;
  readonly runId: string;
  readonly startedBy: 'us' | 'operator';
  readonly startedAt: number;
  /** The daemon that is its parent; after that one's death nobody notices its end. */
  readonly daemonPid: number;
  readonly pmId: number;
  /** What it was started as, so that an operator's restart runs the same. */
  readonly program: string;
}

interface Entry {
  readonly agentId: string;
  readonly pmId: number;
  readonly uniqueId: string;
  readonly runId: string;
  readonly program: string;
  state: ListedProcess['state'];
  pid: number | null;
  upSince: number;
  wasEndOrdered: boolean;
}

interface Call {
  readonly run: () => void;
}

/** A daemon with its list; it serves calls one after the other, as PM2's does. */
export interface FakeDaemon {
  readonly identity: DaemonIdentity;
  readonly bornAt: number;
  readonly entries: Map<number, Entry>;
  readonly queue: Call[];
  frozen: boolean;
  serving: boolean;
}

export interface WorldFaults {
  /** Draws what becomes of a signal on its way: how often it arrives, and how much later. */
  signal(signal: RuntimeSignal): readonly number[];
  /** Draws what becomes of a launch that reached the daemon. */
  launch(plan: LaunchPlan): LaunchFate;
}

export type LaunchFate = 'works' | 'refused' | 'resources' | 'exits-at-once' | 'answer-lost' | 'request-lost';

export const NO_FAULTS: WorldFaults = {
  signal: () => [0],
  launch: (plan) =>
    plan.program.endsWith('/refused') ? 'refused' : plan.program.endsWith('/exits') ? 'exits-at-once' : 'works',
};

export type LaunchedAnswer =
  | { readonly kind: 'launched'; readonly process: FakeProcess; readonly entry: Entry }
  | { readonly kind: 'failed'; readonly reason: 'refused' | 'resources'; readonly entry: Entry }
  | { readonly kind: 'silence' };

/** A machine with a process table, a daemon and an operator's shell; faults are drawn by whoever makes it. */
export class FakeWorld {
  readonly processes = new Map<number, FakeProcess>();
  daemon: FakeDaemon | null = null;
  /** Told of each process that comes to be, before it is listed. */
  onBirth: (process: FakeProcess) => void = () => undefined;
  onDeath: (process: FakeProcess, how: 'crash' | 'ours' | 'operator') => void = () => undefined;
  faults: WorldFaults = NO_FAULTS;
  private readonly subscribers = new Set<(signal: RuntimeSignal) => void>();
  private readonly closings = new Set<() => void>();
  private nextPid = 1000;
  private nextStart = 1;

  constructor(
    readonly clock: Clock,
    private readonly random: Random,
  ) {}

  subscribe(heard: (signal: RuntimeSignal) => void, closed: () => void): () => void {
    this.subscribers.add(heard);
    this.closings.add(closed);
    return () => {
      this.subscribers.delete(heard);
      this.closings.delete(closed);
    };
  }

  startDaemon(): FakeDaemon {
    this.daemon ??= {
      identity: { pid: this.nextPid++, startTime: this.nextStart++, version: '7.0.4' },
      bornAt: this.clock.now(),
      entries: new Map(),
      queue: [],
      frozen: false,
      serving: false,
    };
    return this.daemon;
  }

  /** kill -9 of the daemon: its children live on, what was asked of it is forgotten. */
  killDaemon(): void {
    if (this.daemon === null) return;
    this.daemon.queue.length = 0;
    this.daemon = null;
    for (const closed of [...this.closings]) closed();
  }

  /** Nothing lives on, and pids and start times are given out anew from the beginning. */
  reboot(): void {
    this.killDaemon();
    this.processes.clear();
    this.nextPid = 1000;
    this.nextStart = 1;
  }

  freezeDaemon(frozen: boolean): void {
    if (this.daemon === null) return;
    this.daemon.frozen = frozen;
    this.serve(this.daemon);
  }

  /** Puts a call into the daemon's queue; it is served when its turn comes, whoever still waits for it. */
  ask(run: () => void): void {
    if (this.daemon === null) return;
    this.daemon.queue.push({ run });
    this.serve(this.daemon);
  }

  private serve(daemon: FakeDaemon): void {
    if (daemon.serving || daemon.frozen || daemon.queue.length === 0) return;
    daemon.serving = true;
    this.clock.after(this.serviceMs(), () => {
      daemon.serving = false;
      if (daemon !== this.daemon) return;
      if (!daemon.frozen) daemon.queue.shift()?.run();
      this.serve(daemon);
    });
  }

  /** How long the daemon takes for one call, and to notice that a child has ended; milliseconds. */
  serviceMs(): number {
    return 1 + Math.floor(this.random() * 15);
  }

  /** What `prepare` does, once its turn has come. */
  launch(plan: LaunchPlan, replaces: number | null): LaunchedAnswer {
    const daemon = this.daemon;
    if (daemon === null) return { kind: 'silence' };
    const fate = this.faults.launch(plan);
    if (fate === 'request-lost') return { kind: 'silence' };
    const pmId = replaces ?? this.freePmId(daemon);
    const uniqueId = `u${this.nextStart++}`;
    const entry: Entry = {
      ...{ agentId: plan.agentId, pmId, uniqueId, runId: plan.runId, program: plan.program },
      ...{ state: 'online' as const, pid: null, upSince: this.clock.wall(), wasEndOrdered: false },
    };
    daemon.entries.set(pmId, entry);
    // PM2 lists it as online, without a pid, until somebody stops or deletes it.
    if (fate === 'refused' || fate === 'resources') return { kind: 'failed', reason: fate, entry };
    const process = this.bear(entry, 'us');
    if (fate === 'exits-at-once') this.crash(process.pid, { exitCode: 3, signal: null });
    return fate === 'answer-lost' ? { kind: 'silence' } : { kind: 'launched', process, entry };
  }

  private bear(entry: Entry, startedBy: FakeProcess['startedBy']): FakeProcess {
    const { agentId, runId, pmId, program } = entry;
    const process: FakeProcess = {
      ...{ pid: this.nextPid++, startTime: this.nextStart++, agentId, runId, startedBy },
      ...{ startedAt: this.clock.now(), daemonPid: this.daemon?.identity.pid ?? 1, pmId, program },
    };
    this.onBirth(process);
    this.processes.set(process.pid, process);
    entry.state = 'online';
    entry.pid = process.pid;
    entry.wasEndOrdered = false;
    entry.upSince = Math.max(entry.upSince + 1, this.clock.wall());
    this.tell({ kind: 'came-online', ...this.about(entry) });
    return process;
  }

  private freePmId(daemon: FakeDaemon): number {
    let pmId = 0;
    while (daemon.entries.has(pmId)) pmId += 1;
    return pmId;
  }

  /** It ends by itself, or by somebody's signal; the daemon, if it still is its parent, notices a moment later. */
  crash(pid: number, exit: { exitCode: number | null; signal: string | null }, how: 'crash' | 'ours' = 'crash'): void {
    const process = this.processes.get(pid);
    if (process === undefined) return;
    this.processes.delete(pid);
    this.onDeath(process, how);
    if (this.daemon?.identity.pid !== process.daemonPid) return;
    this.ask(() => {
      const entry = this.daemon?.entries.get(process.pmId);
      if (entry?.pid !== pid) return;
      const ordered = entry.state === 'stopping';
      entry.state = 'stopped';
      entry.pid = null;
      this.tell({ kind: 'exited', ...this.about(entry), runId: entry.runId, ...exit, ordered });
    });
  }

  private about(entry: Entry) {
    return { agentId: entry.agentId, pmId: entry.pmId, upSince: entry.upSince };
  }

  private tell(signal: RuntimeSignal): void {
    for (const delayMs of this.faults.signal(signal)) {
      for (const heard of [...this.subscribers]) {
        const deliver = () => {
          if (this.subscribers.has(heard)) heard(signal);
        };
        if (delayMs === 0) deliver();
        else this.clock.after(delayMs, deliver);
      }
    }
  }

  // -- the operator's shell ------------------------------------------------------------------------------------------

  private entriesOf(agentId: string): Entry[] {
    return [...(this.daemon?.entries.values() ?? [])].filter((entry) => entry.agentId === agentId);
  }

  operatorStops(agentId: string): void {
    this.ask(() => {
      for (const entry of this.entriesOf(agentId)) {
        this.endOrdered(entry);
        this.tell({ kind: 'operator-stopped', ...this.about(entry), at: this.clock.wall() });
      }
    });
  }

  operatorStarts(agentId: string): void {
    this.ask(() => {
      for (const entry of this.entriesOf(agentId)) {
        if (entry.pid === null) this.startAgain(entry);
      }
    });
  }

  operatorRestarts(agentId: string): void {
    this.ask(() => {
      for (const entry of this.entriesOf(agentId)) {
        this.endOrdered(entry);
        this.startAgain(entry);
      }
    });
  }

  operatorDeletes(agentId: string): void {
    this.ask(() => {
      for (const entry of this.entriesOf(agentId)) {
        this.endOrdered(entry);
        this.daemon?.entries.delete(entry.pmId);
      }
    });
  }

  /** `pm2 kill`; with `comesBack` it was `pm2 update`: a new daemon with the same list, a moment later. */
  operatorKillsDaemon(comesBack: boolean): void {
    const before = this.daemon;
    if (before === null || before.frozen) return;
    const running = [...before.entries.values()].filter((entry) => entry.pid !== null && this.processes.has(entry.pid));
    for (const entry of running) this.endOrdered(entry);
    const { pid, startTime } = before.identity;
    this.tell({ kind: 'daemon-ending', daemon: { pid, startTime } });
    this.killDaemon();
    if (!comesBack) return;
    this.clock.after(500, () => {
      const daemon = this.startDaemon();
      for (const entry of running) {
        const again: Entry = { ...entry, uniqueId: `u${this.nextStart++}`, pid: null };
        daemon.entries.set(again.pmId, again);
        this.bear(again, 'operator');
      }
    });
  }

  private startAgain(entry: Entry): void {
    this.bear(entry, 'operator');
    this.tell({ kind: 'operator-started', ...this.about(entry) });
  }

  private endOrdered(entry: Entry): void {
    const process = entry.pid === null ? undefined : this.processes.get(entry.pid);
    entry.state = 'stopped';
    if (entry.pid === null) return;
    entry.pid = null;
    entry.wasEndOrdered = true;
    if (process !== undefined) {
      this.processes.delete(process.pid);
      this.onDeath(process, 'operator');
    }
    this.tell({
      kind: 'exited',
      ...this.about(entry),
      runId: entry.runId,
      exitCode: 0,
      signal: 'SIGTERM',
      ordered: true,
    });
  }

  // -- what a list shows ---------------------------------------------------------------------------------------------

  listed(scan = false): ListedProcess[] {
    return [...(this.daemon?.entries.values() ?? [])].map((entry) => {
      const process = entry.pid === null ? undefined : this.processes.get(entry.pid);
      return {
        ...{ agentId: entry.agentId, pmId: entry.pmId, uniqueId: entry.uniqueId, state: entry.state },
        wasEndOrdered: scan && (entry.state === 'stopped' || entry.state === 'errored') && entry.wasEndOrdered,
        ...{ runId: entry.runId, upSince: entry.upSince, memoryBytes: null, cpuPercent: null },
        process: process === undefined ? null : { pid: process.pid, startTime: process.startTime },
      };
    });
  }

  /** @param before what lived before the list was asked for */
  unlisted(scan: boolean, before: ReadonlySet<FakeProcess>): UnlistedProcess[] {
    const behindEntries = new Set([...(this.daemon?.entries.values() ?? [])].map((entry) => entry.pid));
    return [...this.processes.values()]
      .filter((process) => !behindEntries.has(process.pid))
      .filter((process) => scan || process.daemonPid === this.daemon?.identity.pid)
      .map((process) => {
        const { agentId, runId, pid, startTime } = process;
        return { agentId, runId, process: { pid, startTime }, leader: true, isNew: !before.has(process) };
      });
  }

  aliveOf(agentId: string): FakeProcess[] {
    return [...this.processes.values()].filter((process) => process.agentId === agentId);
  }
}
