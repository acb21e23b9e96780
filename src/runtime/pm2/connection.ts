import path from 'node:path';
import pm2Package from 'pm2/package.json';
import { errorCodeOf, messageOf, Problem, type Clock } from '../../kernel';
import type { ProcessInspector, SocketsAt } from '../process-inspector';
import type { DaemonIdentity, RuntimeSignal } from '../process-runtime';
import { Bus } from './bus';
import { daemonBornAt, daemonPid, noteDaemonPid } from './daemon';
import { DaemonList } from './daemon-list';
import { DaemonSocket } from './daemon-socket';
import { EventDecoder } from './event-decoding';
import { readTable } from './process-table';
import { RpcClient } from './rpc-client';

export interface ConnectionOptions {
  readonly pm2Home: string;
  readonly inspector: ProcessInspector;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Both sockets to one daemon: they open together, and when one closes both are gone. */
export class Connection {
  /** PM2's column of restarts, by entry, carried on by the next launch. */
  readonly restartTimes = new Map<number, number>();

  private constructor(
    readonly rpc: RpcClient,
    private readonly bus: Bus,
    private readonly decoder: EventDecoder,
    readonly daemon: DaemonIdentity,
    private readonly entries: DaemonList,
    private readonly socket: DaemonSocket,
    /** Who listened when this was opened: the one that we reached, and such as nobody reaches. */
    private readonly known: ReadonlySet<string>,
  ) {}

  /**
   * @returns null where no daemon listens
   * @throws Problem `process-manager-unavailable` when it does not answer, or is of another major version
   */
  static async open(options: ConnectionOptions, tell: (signal: RuntimeSignal) => void): Promise<Connection | null> {
    const { pm2Home, timeoutMs } = options;
    let opened: Connection | null = null;
    const lost = () => {
      if (opened === null) return;
      const connection = opened;
      opened = null;
      connection.close();
      tell({ kind: 'connection-lost', detail: "the connection to PM2's daemon closed" });
    };
    const socket = new DaemonSocket(pm2Home, options.inspector);
    const before = socket.now();
    let rpc: RpcClient;
    try {
      rpc = await RpcClient.connect(socket.path, timeoutMs, lost);
    } catch (error) {
      if (isNobodyThere(error)) return null;
      throw new Problem(
        'process-manager-unavailable',
        `PM2's daemon of ${pm2Home} does not answer: ${messageOf(error)}.`,
      );
    }
    try {
      const daemon = await identify(rpc, options, socket, before);
      const known = new Set([...before.listening, ...socket.of(daemon.pid)]);
      const decoder = new EventDecoder({ pid: daemon.pid, startTime: daemon.startTime });
      // Events before this subscription are missed: a list follows each connection.
      const bus = await Bus.connect(
        path.join(pm2Home, 'pub.sock'),
        timeoutMs,
        (topic, packet) => {
          const signal = decoder.decode(topic, packet);
          if (signal !== null) tell(signal);
        },
        lost,
      );
      opened = new Connection(rpc, bus, decoder, daemon, listOf(rpc, options), socket, known);
      return opened;
    } catch (error) {
      rpc.close();
      if (error instanceof Problem) throw error;
      throw new Problem(
        'process-manager-unavailable',
        `PM2's daemon of ${pm2Home} does not answer: ${messageOf(error)}.`,
      );
    }
  }

  get isOpen(): boolean {
    return this.rpc.isOpen;
  }

  /**
   * Everything that the daemon lists, whosever it is, and `Clock.now()` before it was asked.
   *
   * @throws Problem `process-manager-unavailable`
   */
  list(): Promise<{ readonly beganAt: number; readonly rows: unknown }> {
    return this.entries.take();
  }

  /**
   * Two daemons that start at once take each other's sockets away: this one lives, but whoever connects now, as `pm2 ls`
   * does, reaches another.
   */
  isShadowed(): boolean {
    return this.socket.now().listening.some((socket) => !this.known.has(socket));
  }

  /** Why a launch of this program led to no process, as far as the daemon told; null: it did not. */
  takeSpawnError(program: string): string | null {
    return this.decoder.takeSpawnError(program);
  }

  close(): void {
    this.rpc.close();
    this.bus.close();
  }
}

function listOf(rpc: RpcClient, { clock, inspector, pm2Home }: ConnectionOptions): DaemonList {
  return new DaemonList({
    clock,
    ask: async () => {
      const answer = await rpc.call('getMonitorData', {});
      if (answer.kind === 'answered') return answer.value;
      throw new Problem('process-manager-unavailable', `${answer.message}. It is asked again.`);
    },
    signature: (rows) =>
      JSON.stringify(readTable(rows, inspector).map(({ pmId, state, process }) => [pmId, state, process])),
    bornAt: daemonBornAt(pm2Home),
  });
}

async function identify(
  rpc: RpcClient,
  { pm2Home, inspector }: ConnectionOptions,
  socket: DaemonSocket,
  before: SocketsAt,
): Promise<DaemonIdentity> {
  const answer = await rpc.call('getVersion', {});
  if (answer.kind !== 'answered')
    throw new Problem('process-manager-unavailable', `${answer.message}. It is tried again.`);
  const version = String(answer.value);
  if (major(version) !== major(pm2Package.version)) {
    throw new Problem(
      'process-manager-unavailable',
      `The PM2 daemon of ${pm2Home} is version ${version}, and agent-spawner drives ${pm2Package.version}. Either use a daemon of its own (PM2_HOME=./data/pm2 npm start), or update that one (npx pm2 update: it restarts everything in it).`,
    );
  }
  const [holder, ...others] = socket.reached(before);
  if (others.length > 0) {
    throw new Problem(
      'process-manager-unavailable',
      `Two PM2 daemons listen at ${socket.path}, and which of them answers is not clear yet. It is tried again.`,
    );
  }
  // A second daemon that was started at the same time has no socket, but it has left its pid in PM2's file.
  if (holder !== undefined && holder !== daemonPid(pm2Home)) noteDaemonPid(pm2Home, holder);
  const pid = holder ?? daemonPid(pm2Home);
  if (pid === null)
    throw new Problem('process-manager-unavailable', `${path.join(pm2Home, 'pm2.pid')} names no daemon.`);
  return { pid, startTime: inspector.facts(pid)?.startTime ?? null, version };
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? '';
}

function isNobodyThere(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}
