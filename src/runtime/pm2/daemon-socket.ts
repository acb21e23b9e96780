import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessInspector, SocketsAt } from '../process-inspector';

/** How long a daemon that is not held up takes to accept a connection, at most. */
const ACCEPT_MS = 200;
const LOOK_MS = 20;

/** The socket of one home on which PM2's daemon answers, as the system's table shows it. */
export class DaemonSocket {
  readonly path: string;

  constructor(
    pm2Home: string,
    private readonly inspector: ProcessInspector,
  ) {
    this.path = path.join(pm2Home, 'rpc.sock');
  }

  now(): SocketsAt {
    return this.inspector.socketsAt(this.path);
  }

  /**
   * Which process is reached through a connection that was opened after `before` was taken.
   *
   * @returns pids; none: the system does not say; several: two daemons listen, and which of them accepted is not clear
   */
  reached(before: SocketsAt): number[] {
    const after = this.now();
    const listeners = this.holdersOf(after.listening);
    if (listeners.length <= 1) return listeners;
    const accepted = this.holdersOf(after.accepted.filter((socket) => !before.accepted.includes(socket)));
    const both = accepted.filter((pid) => listeners.includes(pid));
    return both.length === 1 ? both : listeners;
  }

  /** The sockets on which one process listens here. */
  of(pid: number): string[] {
    return this.now().listening.filter((socket) => this.inspector.holderOf(socket) === pid);
  }

  /**
   * Connects, and looks who accepts.
   *
   * @returns null: nobody can be reached, or it is not clear who
   */
  async whoAnswers(): Promise<number | null> {
    const before = this.now();
    const connection = await open(this.path);
    if (connection === null) return null;
    try {
      for (let waited = 0; waited < ACCEPT_MS; waited += LOOK_MS) {
        const [pid, ...others] = this.reached(before);
        if (others.length === 0) return pid ?? null;
        await delay(LOOK_MS);
      }
      return null;
    } finally {
      connection.destroy();
    }
  }

  private holdersOf(sockets: readonly string[]): number[] {
    return [...new Set(sockets.flatMap((socket) => this.inspector.holderOf(socket) ?? []))];
  }
}

function open(socketPath: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const connection = connect(socketPath);
    connection.once('connect', () => {
      // A daemon that ends now is no failure of ours.
      connection.on('error', () => undefined);
      resolve(connection);
    });
    connection.once('error', () => {
      resolve(null);
    });
  });
}
