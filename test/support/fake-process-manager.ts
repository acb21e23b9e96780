import type { Clock } from '../../src/kernel';
import type {
  DaemonIdentity,
  EntryRef,
  LaunchOutcome,
  LaunchPlan,
  ProcessIdentity,
  ProcessManager,
  ProcessManagerSignal,
  ProcessSnapshot,
  TerminateOutcome,
  TerminateTarget,
} from '../../src/processes';
import { FakeConnection, unavailable, type Gate } from './fake-connection';
import { isSameProcess, type FakeProcess } from './fake-process';
import { FakeTerminator } from './fake-terminator';
import type { FakeWorld } from './fake-world';

/**
 * Implements the process manager's port over the fake world. It passes the contract suite of the real adapter
 * (test/contract/processes).
 */
export class FakeProcessManager implements ProcessManager {
  readonly terminator: FakeTerminator;
  private readonly connection: FakeConnection;
  private readonly listeners = new Set<(signal: ProcessManagerSignal) => void>();

  /** @param gate delivers answers and signals to the service */
  constructor(
    private readonly world: FakeWorld,
    private readonly clock: Clock,
    gate: Gate = (action) => {
      action();
    },
  ) {
    this.terminator = new FakeTerminator(world, clock);
    this.connection = new FakeConnection(world, clock, gate, (signal) => {
      for (const listener of [...this.listeners]) listener(signal);
    });
  }

  isConnected(): boolean {
    return this.connection.isOpen;
  }

  isAlive(process: ProcessIdentity): boolean {
    return this.world.processes.get(process.pid)?.startTime === process.startTime;
  }

  connect(startDaemon: boolean): Promise<DaemonIdentity> {
    return this.connection.open(startDaemon);
  }

  async snapshot(scan: boolean): Promise<ProcessSnapshot> {
    this.connection.assertOpen();
    const beganAt = this.clock.now();
    const before = new Set(this.world.processes.values());
    const answer = await this.connection.call(() => ({
      daemon: this.world.daemon?.identity,
      listed: this.world.listed(scan),
    }));
    if (answer === 'silence' || answer.daemon === undefined) throw unavailable('no list in time');
    return { beganAt, daemon: answer.daemon, listed: answer.listed, unlisted: this.world.unlisted(scan, before) };
  }

  async launch(plan: LaunchPlan, replaces: EntryRef | null): Promise<LaunchOutcome> {
    if (!this.connection.isOpen) return { kind: 'failed', reason: 'not-asked', evidence: 'not connected' };
    const answer = await this.connection.callForAnswer(() => this.world.launch(plan, replaces));
    if (answer.kind === 'silence') return { kind: 'unknown', detail: 'no answer in time' };
    if (answer.kind === 'not-asked') return { kind: 'failed', reason: 'not-asked', evidence: 'its entry has changed' };
    if (answer.kind === 'failed') {
      const { reason, entry } = answer;
      await this.connection.call(() => (entry.state = 'stopped'));
      return { kind: 'failed', reason, evidence: `the launch was ${reason}` };
    }
    const { process, entry } = answer;
    const startTime = this.world.processes.has(process.pid) ? process.startTime : null;
    const { entryId, uniqueId, upSince } = entry;
    return { kind: 'launched', process: { pid: process.pid, startTime }, entryId, uniqueId, upSince };
  }

  async terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { agentId, runId, process: leader } = target;
    const matches = (process: FakeProcess) =>
      (process.agentId === agentId && (runId === null || process.runId === runId)) ||
      (leader !== null && isSameProcess(process, leader));
    return this.terminator.kill({ agentId, lane: `${agentId} ${killTimeoutMs}`, matches, killTimeoutMs });
  }

  async terminateProcess(identity: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { pid, startTime } = identity;
    const matches = (process: FakeProcess) => isSameProcess(process, identity);
    const agentId = this.world.processes.get(pid)?.agentId ?? 'unknown';
    return this.terminator.kill({ agentId, lane: `${pid}:${startTime ?? 0}`, matches, killTimeoutMs });
  }

  async deleteEntry(entry: EntryRef): Promise<void> {
    this.connection.assertOpen();
    await this.connection.call(() => {
      this.world.deleteEntry(entry);
    });
  }

  outputFileOf(agentId: string, stream: 'stdout' | 'stderr'): string {
    return `/fake/${agentId}-${stream}.log`;
  }

  onSignal(listener: (signal: ProcessManagerSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.connection.close();
    this.terminator.close();
    this.listeners.clear();
    return Promise.resolve();
  }
}
