import { Problem, type Clock } from '../../src/kernel';
import type {
  DaemonIdentity,
  LaunchOutcome,
  LaunchPlan,
  ProcessIdentity,
  ProcessRuntime,
  RuntimeSignal,
  RuntimeSnapshot,
  TerminateOutcome,
  TerminateTarget,
} from '../../src/runtime';
import type { FakeProcess, FakeWorld, LaunchedAnswer } from './fake-world';

const TIMEOUT_MS = 3_000;
const DAEMON_START_MS = 130;

/** Why a process was ended, for whoever checks whether it had to be. */
export type Ending = 'terminate' | 'end-process';

/** The port over the fake world; it passes the suite that the real adapter passes (test/contract/runtime). */
export class FakeRuntime implements ProcessRuntime {
  onEnding: (process: FakeProcess, why: Ending) => void = () => undefined;
  private readonly listeners = new Set<(signal: RuntimeSignal) => void>();
  private unsubscribe: (() => void) | null = null;
  private readonly inFlight = new Set<() => void>();
  private connecting: Promise<DaemonIdentity> | null = null;
  private closed = false;

  constructor(
    private readonly world: FakeWorld,
    private readonly clock: Clock,
  ) {}

  isConnected(): boolean {
    return this.unsubscribe !== null;
  }

  isAlive(process: ProcessIdentity): boolean {
    return this.world.processes.get(process.pid)?.startTime === process.startTime;
  }

  connect(startDaemon: boolean): Promise<DaemonIdentity> {
    this.connecting ??= this.open(startDaemon).finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async open(startDaemon: boolean): Promise<DaemonIdentity> {
    if (this.unsubscribe !== null && this.world.daemon !== null) return this.world.daemon.identity;
    if (this.world.daemon === null) {
      if (!startDaemon) throw away('no daemon runs');
      await this.wait(DAEMON_START_MS);
      if (this.closed) throw away('closed');
      this.world.startDaemon();
    }
    const identity = await this.call(() => this.world.daemon?.identity ?? null);
    if (identity === 'silence' || identity === null || this.closed) throw away('the daemon does not answer');
    this.unsubscribe ??= this.world.subscribe(
      (signal) => {
        this.tell(signal);
      },
      () => {
        this.lost();
      },
    );
    return identity;
  }

  private lost(): void {
    this.unsubscribe?.();
    this.unsubscribe = null;
    for (const settle of [...this.inFlight]) settle();
    this.tell({ kind: 'connection-lost', detail: 'the daemon is gone' });
  }

  /** Asks the daemon; `silence` after the time limit, or when it dies. What was asked may happen all the same. */
  private call<T>(work: () => T): Promise<T | 'silence'> {
    return new Promise((resolve) => {
      const settle = (answer: T | 'silence') => {
        timer.cancel();
        this.inFlight.delete(silent);
        resolve(answer);
      };
      const silent = () => {
        settle('silence');
      };
      const timer = this.clock.after(TIMEOUT_MS, silent);
      this.inFlight.add(silent);
      if (this.world.daemon === null) silent();
      else
        this.world.ask(() => {
          const answer = work();
          settle(answer);
        });
    });
  }

  async snapshot(scan: boolean): Promise<RuntimeSnapshot> {
    if (this.unsubscribe === null) throw away('not connected');
    const beganAt = this.clock.now();
    const before = new Set(this.world.processes.values());
    const answer = await this.call(() => ({ daemon: this.world.daemon?.identity, listed: this.world.listed(scan) }));
    if (answer === 'silence' || answer.daemon === undefined) throw away('no list in time');
    return { beganAt, daemon: answer.daemon, listed: answer.listed, unlisted: this.world.unlisted(scan, before) };
  }

  async launch(plan: LaunchPlan, replaces: number | null): Promise<LaunchOutcome> {
    if (this.unsubscribe === null) return { kind: 'failed', reason: 'not-asked', evidence: 'not connected' };
    const answer: LaunchedAnswer | 'silence' = await this.answered(() => this.world.launch(plan, replaces));
    if (answer === 'silence' || answer.kind === 'silence') return { kind: 'unknown', detail: 'no answer in time' };
    if (answer.kind === 'failed') {
      const { reason, entry } = answer;
      await this.call(() => (entry.state = 'stopped'));
      return { kind: 'failed', reason, evidence: `the launch was ${reason}` };
    }
    const { process, entry } = answer;
    const startTime = this.world.processes.has(process.pid) ? process.startTime : null;
    const { pmId, uniqueId, upSince } = entry;
    return { kind: 'launched', process: { pid: process.pid, startTime }, pmId, uniqueId, upSince };
  }

  /** An answer that is lost on its way is waited for in vain, like one that never was given. */
  private answered(work: () => LaunchedAnswer): Promise<LaunchedAnswer | 'silence'> {
    return new Promise((resolve) => {
      let answer: LaunchedAnswer = { kind: 'silence' };
      const lost = this.call(() => {
        answer = work();
        return answer;
      });
      void lost.then((settled) => {
        if (settled === 'silence' || settled.kind !== 'silence') resolve(settled);
        else
          this.clock.after(TIMEOUT_MS, () => {
            resolve('silence');
          });
      });
    });
  }

  async terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome> {
    const matches = (process: FakeProcess) =>
      (process.agentId === target.agentId && (target.runId === null || process.runId === target.runId)) ||
      (target.process !== null && isSame(process, target.process));
    return this.end(matches, 'terminate', killTimeoutMs);
  }

  async endProcess(identity: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome> {
    return this.end((process) => isSame(process, identity), 'end-process', killTimeoutMs);
  }

  private async end(
    matches: (process: FakeProcess) => boolean,
    why: Ending,
    killTimeoutMs: number,
  ): Promise<TerminateOutcome> {
    await this.wait(this.world.serviceMs());
    const found = [...this.world.processes.values()].filter(matches);
    if (found.length === 0 || this.closed) return { kind: 'gone' };
    const stubborn = found.some((process) => process.program.endsWith('/stubborn'));
    await this.wait(stubborn ? killTimeoutMs : this.world.serviceMs());
    for (const process of found) {
      if (this.isClosed() || !this.world.processes.has(process.pid)) continue;
      this.onEnding(process, why);
      this.world.crash(process.pid, { exitCode: 0, signal: stubborn ? 'SIGKILL' : 'SIGTERM' }, 'ours');
    }
    await this.wait(1);
    // Until nothing is left, as the real one does.
    return this.end(matches, why, killTimeoutMs);
  }

  async forget(pmId: number): Promise<void> {
    if (this.unsubscribe === null) throw away('not connected');
    await this.call(() => {
      const entry = this.world.daemon?.entries.get(pmId);
      if (entry !== undefined && (entry.pid === null || !this.world.processes.has(entry.pid)))
        this.world.daemon?.entries.delete(pmId);
    });
  }

  onSignal(listener: (signal: RuntimeSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.closed = true;
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.listeners.clear();
    return Promise.resolve();
  }

  private tell(signal: RuntimeSignal): void {
    for (const listener of [...this.listeners]) listener(signal);
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(milliseconds, resolve);
    });
  }
}

function isSame(process: FakeProcess, identity: ProcessIdentity): boolean {
  return process.pid === identity.pid && process.startTime === identity.startTime;
}

function away(detail: string): Problem {
  return new Problem('process-manager-unavailable', detail);
}
