import path from 'node:path';
import { Problem, SingleFlight, type Clock } from '../../kernel';
import type { ProcessManagerSignal } from '../process-manager-signal';
import type { DaemonIdentity } from '../process-snapshot';
import { Connection } from './connection';
import { DaemonSocket } from './daemon-socket';
import { DaemonStarter } from './daemon-starter';
import type { EntrySources } from './entries';
import { Pm2Home } from './pm2-home';

export interface DaemonLinkOptions extends EntrySources {
  readonly pm2Home: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Connects to the daemon of one home on request, and holds the connection. It never reconnects by itself. */
export class DaemonLink {
  private connection: Connection | null = null;
  private readonly connecting = new SingleFlight<DaemonIdentity>();
  private readonly home: Pm2Home;
  private readonly starter: DaemonStarter;

  constructor(
    private readonly options: DaemonLinkOptions,
    private readonly onSignal: (signal: ProcessManagerSignal) => void,
  ) {
    const { pm2Home, clock, inspector } = options;
    const socket = new DaemonSocket(pm2Home, inspector);
    this.home = new Pm2Home(pm2Home);
    this.starter = new DaemonStarter({ home: pm2Home, clock, findAnsweringPid: () => socket.findAnsweringPid() });
  }

  /** Returns the open connection; null if there is no open one. */
  get open(): Connection | null {
    return this.connection?.isOpen === true ? this.connection : null;
  }

  /** @throws Problem `process-manager-unavailable` if not connected */
  requireOpen(): Connection {
    if (this.open !== null) return this.open;
    throw new Problem(
      'process-manager-unavailable',
      `Not connected to PM2's daemon of ${path.basename(this.options.pm2Home)}. The supervisor reconnects by itself; try again in a few seconds.`,
    );
  }

  /** @throws Problem `process-manager-unavailable` */
  connect(startDaemon: boolean): Promise<DaemonIdentity> {
    if (this.open !== null) return Promise.resolve(this.open.daemon);
    return this.connecting.run(() => this.openConnection(startDaemon));
  }

  /**
   * Returns the pid of the daemon, connected or not; null if it is unknown.
   *
   * While not connected, it is the pid in PM2's pid file, unless that pid now belongs to another process. The file
   * outlives its daemon, and an agent may have its pid. Every daemon has `PM2_HOME` in its environment, and no agent
   * does.
   */
  findDaemonPid(): number | null {
    if (this.connection !== null) return this.connection.daemon.pid;
    const pid = this.home.readDaemonPid();
    const environment = pid === null ? null : this.options.inspector.environment(pid);
    return environment?.has('PM2_HOME') === false ? null : pid;
  }

  close(): void {
    this.starter.close();
    this.connection?.close();
    this.connection = null;
  }

  private async openConnection(startDaemon: boolean): Promise<DaemonIdentity> {
    const attempt = () =>
      Connection.open(this.options, (signal) => {
        if (signal.kind === 'connection-lost') this.connection = null;
        this.onSignal(signal);
      });
    let connection = await attempt();
    if (connection === null && startDaemon) {
      await this.starter.start();
      connection = await attempt();
    }
    if (connection === null) {
      throw new Problem(
        'process-manager-unavailable',
        `No PM2 daemon runs in ${this.options.pm2Home}. The next spawn starts one.`,
      );
    }
    this.connection = connection;
    return connection.daemon;
  }
}
