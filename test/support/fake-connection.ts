import { Problem, type Clock } from '../../src/kernel';
import type { DaemonIdentity, ProcessManagerSignal } from '../../src/processes';
import type { FakeWorld } from './fake-world';
import type { LaunchAnswer } from './world-faults';

const TIMEOUT_MS = 3_000;
const DAEMON_START_MS = 130;

/** Lets something reach the service. The gate of a frozen service does so later. */
export type Gate = (action: () => void) => void;

/** A connection to the daemon of a fake world: calls with a timeout, and the daemon's signals. */
export class FakeConnection {
  private unsubscribe: (() => void) | null = null;
  private connecting: Promise<DaemonIdentity> | null = null;
  /** Ends each call that waits for its answer. */
  private readonly pending = new Set<() => void>();
  private isClosed = false;

  constructor(
    private readonly world: FakeWorld,
    private readonly clock: Clock,
    private readonly gate: Gate,
    private readonly onSignal: (signal: ProcessManagerSignal) => void,
  ) {}

  get isOpen(): boolean {
    return this.unsubscribe !== null;
  }

  /** @throws Problem `process-manager-unavailable` */
  open(startDaemon: boolean): Promise<DaemonIdentity> {
    this.connecting ??= this.connect(startDaemon).finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  close(): void {
    this.isClosed = true;
    this.unsubscribe?.();
    this.unsubscribe = null;
  }

  /** @throws Problem `process-manager-unavailable` without a connection */
  assertOpen(): void {
    if (!this.isOpen) throw unavailable('not connected');
  }

  /**
   * Calls the daemon. Resolves with `silence` after a timeout, or when the daemon dies. The work may still be executed.
   */
  call<T>(work: () => T): Promise<T | 'silence'> {
    return new Promise((resolve) => {
      const settle = (answer: T | 'silence') => {
        timer.cancel();
        this.pending.delete(silent);
        resolve(answer);
      };
      const silent = () => {
        settle('silence');
      };
      const timer = this.clock.after(TIMEOUT_MS, silent);
      this.pending.add(silent);
      if (this.world.daemon === null) silent();
      else
        this.world.callDaemon(() => {
          const answer = work();
          this.gate(() => {
            settle(answer);
          });
        });
    });
  }

  /** Calls the daemon. If its answer is lost, waits for the full timeout, as if it was never sent. */
  callForAnswer(work: () => LaunchAnswer): Promise<LaunchAnswer> {
    return new Promise((resolve) => {
      void this.call(work).then((answer) => {
        if (answer === 'silence') resolve({ kind: 'silence' });
        else if (answer.kind !== 'silence') resolve(answer);
        else
          this.clock.after(TIMEOUT_MS, () => {
            resolve(answer);
          });
      });
    });
  }

  private async connect(startDaemon: boolean): Promise<DaemonIdentity> {
    if (this.unsubscribe !== null && this.world.daemon !== null) return this.world.daemon.identity;
    if (this.world.daemon === null) {
      if (!startDaemon) throw unavailable('no daemon runs');
      await this.daemonStart();
      if (this.isClosed) throw unavailable('closed');
      this.world.startDaemon();
    }
    const identity = await this.call(() => this.world.daemon?.identity ?? null);
    if (identity === 'silence' || identity === null || this.isClosed) throw unavailable('the daemon does not answer');
    this.unsubscribe ??= this.subscribe();
    return identity;
  }

  private daemonStart(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(DAEMON_START_MS, resolve);
    });
  }

  private subscribe(): () => void {
    return this.world.signals.subscribe(
      (signal) => {
        this.gate(() => {
          if (this.isOpen) this.onSignal(signal);
        });
      },
      () => {
        this.gate(() => {
          this.onLost();
        });
      },
    );
  }

  private onLost(): void {
    this.unsubscribe?.();
    this.unsubscribe = null;
    for (const settle of [...this.pending]) settle();
    this.onSignal({ kind: 'connection-lost', detail: 'the daemon is gone' });
  }
}

export function unavailable(detail: string): Problem {
  return new Problem('process-manager-unavailable', detail);
}
