import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessInspector, SocketsAt } from '../process-table/process-inspector';
import { Pm2Home } from './pm2-home';

/** Maximum time in which a responsive daemon accepts a connection. */
const ACCEPT_MS = 200;
const POLL_MS = 20;

/** The RPC socket of PM2's daemon for one home, as the system's socket table shows it. */
export class DaemonSocket {
  readonly path: string;

  constructor(
    pm2Home: string,
    private readonly inspector: ProcessInspector,
  ) {
    this.path = new Pm2Home(pm2Home).rpcSocket;
  }

  readSockets(): SocketsAt {
    return this.inspector.socketsAt(this.path);
  }

  /**
   * Returns the processes that may have accepted a connection that was opened after `before` was taken.
   *
   * @returns pids; empty if the system does not report it; several if two daemons listen and it is unclear which one
   * accepted
   */
  findAcceptors(before: SocketsAt): number[] {
    const after = this.readSockets();
    const listeners = this.findHolders(after.listening);
    if (listeners.length <= 1) return listeners;
    const accepted = this.findHolders(after.accepted.filter((socket) => !before.accepted.includes(socket)));
    const both = accepted.filter((pid) => listeners.includes(pid));
    return both.length === 1 ? both : listeners;
  }

  /** Returns the sockets at this path on which the process listens. */
  findSocketsOf(pid: number): string[] {
    return this.readSockets().listening.filter((socket) => this.inspector.holderOf(socket) === pid);
  }

  /**
   * Connects and determines which process accepts the connection.
   *
   * @returns null if no process is reachable, or it is unclear which one is
   */
  async findAnsweringPid(): Promise<number | null> {
    const before = this.readSockets();
    const connection = await open(this.path);
    if (connection === null) return null;
    try {
      for (let waited = 0; waited < ACCEPT_MS; waited += POLL_MS) {
        const [pid, ...others] = this.findAcceptors(before);
        if (others.length === 0) return pid ?? null;
        await delay(POLL_MS);
      }
      return null;
    } finally {
      connection.destroy();
    }
  }

  private findHolders(sockets: readonly string[]): number[] {
    return [...new Set(sockets.flatMap((socket) => this.inspector.holderOf(socket) ?? []))];
  }
}

function open(socketPath: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const connection = connect(socketPath);
    connection.once('connect', () => {
      // A daemon that exits now must not raise an unhandled error.
      connection.on('error', () => undefined);
      resolve(connection);
    });
    connection.once('error', () => {
      resolve(null);
    });
  });
}
