import type { Clock, Random } from '../../src/kernel';
import type { EntryRef, LaunchPlan, ListedProcess, ProcessManagerSignal, UnlistedProcess } from '../../src/processes';
import { FakeDaemon, type FakeEntry } from './fake-daemon';
import type { FakeExit, FakeProcess } from './fake-process';
import { aboutEntry, FakeShell } from './fake-shell';
import { FakeSignals } from './fake-signals';
import { listEntries, listUnlisted } from './fake-snapshot';
import { NO_FAULTS, type LaunchAnswer, type WorldFaults } from './world-faults';

const FIRST_PID = 1_000;
/** Pid of the parent of a process whose daemon is dead. */
const INIT_PID = 1;

/** Cause of an exit: a crash or fault, the supervisor, or the operator in a shell. */
export type DeathCause = 'crash' | 'ours' | 'operator';

/** Simulates a machine: a process table, PM2's daemon and an operator's shell. */
export class FakeWorld {
  readonly processes = new Map<number, FakeProcess>();
  daemon: FakeDaemon | null = null;
  /** Called for each new process, before it is listed. */
  onBirth: (process: FakeProcess) => void = () => undefined;
  onDeath: (process: FakeProcess, cause: DeathCause) => void = () => undefined;
  faults: WorldFaults = NO_FAULTS;
  readonly signals: FakeSignals;
  readonly shell: FakeShell;
  /** Time until which a process ignores every signal, because it hangs in a system call. */
  private readonly unkillableUntil = new Map<FakeProcess, number>();
  private nextPid = FIRST_PID;
  private nextStart = 1;

  constructor(
    readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.signals = new FakeSignals(clock, (signal: ProcessManagerSignal) => this.faults.signal(signal));
    this.shell = new FakeShell(this, clock);
  }

  // -- the daemon ----------------------------------------------------------------------------------------------------

  startDaemon(): FakeDaemon {
    this.daemon ??= new FakeDaemon(
      { pid: this.nextPid++, startTime: this.nextStart++, version: '7.0.4' },
      this.clock,
      () => this.serviceMs(),
    );
    return this.daemon;
  }

  /** Kills the daemon with SIGKILL. Its children stay alive, and its pending calls are lost. */
  killDaemon(): void {
    if (this.daemon === null) return;
    this.daemon.die();
    this.daemon = null;
    this.signals.close();
  }

  freezeDaemon(isFrozen: boolean): void {
    this.daemon?.freeze(isFrozen);
  }

  /** Reboots the machine: no process survives, and pids and start times start from the beginning. */
  reboot(): void {
    this.killDaemon();
    this.processes.clear();
    this.nextPid = FIRST_PID;
    this.nextStart = 1;
  }

  /** Queues a call to the daemon, if one runs. It is executed in its turn, even if its caller gave up. */
  callDaemon(run: () => void): void {
    this.daemon?.call(run);
  }

  /** Returns the time in milliseconds that the daemon takes for one call, or to notice an exit. */
  serviceMs(): number {
    return 1 + Math.floor(this.random() * 15);
  }

  // -- calls that the daemon executes --------------------------------------------------------------------------------

  /** Executes `prepare`. */
  launch(plan: LaunchPlan, replaces: EntryRef | null): LaunchAnswer {
    const daemon = this.daemon;
    if (daemon === null) return { kind: 'silence' };
    if (replaces !== null && this.findDeadEntry(replaces)?.agentId !== plan.agentId) return { kind: 'not-asked' };
    const fate = this.faults.launch(plan);
    if (fate === 'request-lost') return { kind: 'silence' };
    const entryId = replaces?.entryId ?? daemon.freeEntryId();
    const { agentId, runId, program, args } = plan;
    const entry: FakeEntry = {
      ...{ agentId, entryId, uniqueId: this.newUniqueId(), runId, program, args },
      ...{ state: 'online' as const, pid: null, upSince: this.clock.wall(), wasEndOrdered: false },
    };
    daemon.entries.set(entryId, entry);
    // PM2 lists it as online without a pid until it is stopped or deleted.
    if (fate === 'refused' || fate === 'resources') return { kind: 'failed', reason: fate, entry };
    const process = this.startProcess(entry, 'us');
    if (fate === 'exits-at-once') this.crash(process.pid, { exitCode: 3, signal: null });
    return fate === 'answer-lost' ? { kind: 'silence' } : { kind: 'launched', process, entry };
  }

  /** Executes `delete`. An entry with a process is kept. */
  deleteEntry(ref: EntryRef): void {
    if (this.findDeadEntry(ref) !== null) this.daemon?.entries.delete(ref.entryId);
  }

  startProcess(entry: FakeEntry, startedBy: FakeProcess['startedBy']): FakeProcess {
    const { agentId, runId, entryId, program, args } = entry;
    const process: FakeProcess = {
      ...{ pid: this.nextPid++, startTime: this.nextStart++, startedAt: this.clock.now(), startedBy, leader: true },
      ...{ agentId, runId, entryId, program, args, daemonPid: this.daemon?.identity.pid ?? INIT_PID },
    };
    this.onBirth(process);
    this.processes.set(process.pid, process);
    entry.state = 'online';
    entry.pid = process.pid;
    entry.wasEndOrdered = false;
    entry.upSince = Math.max(entry.upSince + 1, this.clock.wall());
    this.signals.send({ kind: 'came-online', ...aboutEntry(entry), uniqueId: entry.uniqueId });
    return process;
  }

  newUniqueId(): string {
    return `u${this.nextStart++}`;
  }

  private findDeadEntry(ref: EntryRef): FakeEntry | null {
    const entry = this.daemon?.findEntry(ref) ?? null;
    return entry === null || this.processOf(entry) !== null ? null : entry;
  }

  // -- processes -----------------------------------------------------------------------------------------------------

  /** Ends a process, by itself or by a signal. The daemon, if it is still the parent, notices a moment later. */
  crash(pid: number, exit: FakeExit, cause: 'crash' | 'ours' = 'crash'): void {
    const process = this.processes.get(pid);
    if (process === undefined) return;
    this.remove(process, cause);
    if (this.daemon?.identity.pid !== process.daemonPid) return;
    this.callDaemon(() => {
      const entry = this.daemon?.entries.get(process.entryId);
      if (entry?.pid !== pid) return;
      const ordered = entry.state === 'stopping';
      entry.state = 'stopped';
      entry.pid = null;
      this.signals.send({ kind: 'exited', ...aboutEntry(entry), runId: entry.runId, ...exit, ordered });
    });
  }

  /** Removes a process from the process table. Its daemon is not informed. */
  remove(process: FakeProcess, cause: DeathCause): void {
    this.processes.delete(process.pid);
    this.onDeath(process, cause);
  }

  /** Adds a child of a process, which outlives it. Only a scan finds it, because it has no entry. */
  leaveBehind(process: FakeProcess): FakeProcess {
    const orphaned = { leader: false, daemonPid: INIT_PID, startedAt: this.clock.now() };
    const child = { ...process, ...orphaned, pid: this.nextPid++, startTime: this.nextStart++ };
    this.processes.set(child.pid, child);
    return child;
  }

  makeUnkillable(process: FakeProcess, forMs: number): void {
    this.unkillableUntil.set(process, this.clock.now() + forMs);
  }

  isUnkillable(process: FakeProcess): boolean {
    if (process.program.endsWith('/unkillable')) return true;
    return (this.unkillableUntil.get(process) ?? 0) > this.clock.now();
  }

  /** Returns the live process behind an entry. */
  processOf({ pid }: FakeEntry): FakeProcess | null {
    return pid === null ? null : (this.processes.get(pid) ?? null);
  }

  /** Returns the live leaders of an agent. */
  aliveOf(agentId: string): FakeProcess[] {
    return [...this.processes.values()].filter((process) => process.agentId === agentId && process.leader);
  }

  /** Returns the live processes of an agent that are no leaders. */
  leftBehind(agentId: string): FakeProcess[] {
    return [...this.processes.values()].filter((process) => process.agentId === agentId && !process.leader);
  }

  // -- snapshots -----------------------------------------------------------------------------------------------------

  /** Returns the daemon's list. @param isScan true: including what the daemon's log says about ordered exits */
  listed(isScan = false): ListedProcess[] {
    return listEntries(this.daemon, this.processes, isScan);
  }

  /** @param before processes that were alive before the list was requested */
  unlisted(isScan: boolean, before: ReadonlySet<FakeProcess>): UnlistedProcess[] {
    return listUnlisted(this.daemon, this.processes, { isScan, before });
  }
}
