import { errorCodeOf, messageOf, Problem, type Clock } from '../../kernel';
import type { SocketsAt } from '../process-table/process-inspector';
import type { ProcessManagerSignal } from '../process-manager-signal';
import type { DaemonIdentity } from '../process-snapshot';
import { Bus } from './bus';
import { DaemonList } from './daemon-list';
import { DaemonSocket } from './daemon-socket';
import { isSupportedVersion, REQUIRED_VERSION } from './daemon-version';
import { EventDecoder } from './event-decoder';
import { readEntries, type EntrySources } from './entries';
import { Pm2Home } from './pm2-home';
import { RpcClient } from './rpc-client';

export interface ConnectionOptions extends EntrySources {
  readonly pm2Home: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Both sockets to one daemon. They open together, and both close when one of them closes. */
export class Connection {
  private constructor(
    readonly rpc: RpcClient,
    private readonly bus: Bus,
    private readonly decoder: EventDecoder,
    readonly daemon: DaemonIdentity,
    private readonly entries: DaemonList,
    /**
     * Returns true if another daemon has taken the socket path. Two daemons that start at the same time replace each
     * other's sockets. The connected daemon still lives, but new clients such as `pm2 ls` reach the other one.
     */
    readonly isShadowed: () => boolean,
  ) {}

  /**
   * Connects to the daemon of `pm2Home`.
   *
   * @returns null if no daemon listens
   * @throws Problem `process-manager-unavailable` if the daemon does not answer or has another major version
   */
  static async open(
    options: ConnectionOptions,
    onSignal: (signal: ProcessManagerSignal) => void,
  ): Promise<Connection | null> {
    const { pm2Home } = options;
    let opened: Connection | null = null;
    const onClose = () => {
      if (opened === null) return;
      const connection = opened;
      opened = null;
      connection.close();
      onSignal({ kind: 'connection-lost', detail: "the connection to PM2's daemon closed" });
    };
    const socket = new DaemonSocket(pm2Home, options.inspector);
    const before = socket.readSockets();
    let rpc: RpcClient;
    try {
      rpc = await RpcClient.connect(socket.path, options, onClose);
    } catch (error) {
      if (isNoListener(error)) return null;
      throw new Problem(
        'process-manager-unavailable',
        `PM2's daemon of ${pm2Home} does not answer: ${messageOf(error)}. The supervisor retries.`,
      );
    }
    try {
      const daemon = await identify(rpc, options, socket, before);
      // Sockets of the connected daemon, and unreachable ones. Any other one belongs to a daemon that replaced it.
      const known = new Set([...before.listening, ...socket.findSocketsOf(daemon.pid)]);
      const isShadowed = () => socket.readSockets().listening.some((each) => !known.has(each));
      const decoder = new EventDecoder({ pid: daemon.pid, startTime: daemon.startTime }, options.verify);
      // Events before this subscription are missed, so a list must follow each connection.
      const bus = await Bus.connect(
        new Pm2Home(pm2Home).eventSocket,
        options,
        (topic, packet) => {
          const signal = decoder.decode(topic, packet);
          if (signal !== null) onSignal(signal);
        },
        onClose,
      );
      opened = new Connection(rpc, bus, decoder, daemon, createList(rpc, options), isShadowed);
      return opened;
    } catch (error) {
      rpc.close();
      if (error instanceof Problem) throw error;
      throw new Problem(
        'process-manager-unavailable',
        `PM2's daemon of ${pm2Home} does not answer: ${messageOf(error)}. The supervisor retries.`,
      );
    }
  }

  get isOpen(): boolean {
    return this.rpc.isOpen;
  }

  /**
   * Returns everything that the daemon lists, including entries of other users of PM2, and `Clock.now()` before the
   * request.
   *
   * @throws Problem `process-manager-unavailable`
   */
  list(): Promise<{ readonly beganAt: number; readonly rows: unknown }> {
    return this.entries.take();
  }

  /** Returns why the last launch of this program created no process; null if the daemon did not report it. */
  takeSpawnError(program: string): string | null {
    return this.decoder.takeSpawnError(program);
  }

  close(): void {
    this.rpc.close();
    this.bus.close();
  }
}

function createList(rpc: RpcClient, options: ConnectionOptions): DaemonList {
  const { clock, pm2Home } = options;
  return new DaemonList({
    clock,
    ask: async () => {
      const answer = await rpc.call('getMonitorData', {});
      if (answer.kind === 'answered') return answer.value;
      throw new Problem('process-manager-unavailable', `${answer.message}. The supervisor retries.`);
    },
    signature: (rows) =>
      JSON.stringify(readEntries(rows, options).map(({ entryId, state, process }) => [entryId, state, process])),
    bornAt: new Pm2Home(pm2Home).readDaemonStart(),
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
    throw new Problem('process-manager-unavailable', `${answer.message}. The supervisor retries.`);
  const version = String(answer.value);
  if (!isSupportedVersion(version)) {
    throw new Problem(
      'process-manager-unavailable',
      `The PM2 daemon of ${pm2Home} is version ${version}, but agent-spawner requires ${REQUIRED_VERSION}. Either use a separate daemon (PM2_HOME=./data/pm2 npm start), or update that one (npx pm2 update restarts everything in it).`,
    );
  }
  const [holder, ...others] = socket.findAcceptors(before);
  if (others.length > 0) {
    throw new Problem(
      'process-manager-unavailable',
      `Two PM2 daemons listen at ${socket.path}, and it is not clear yet which one answers. The supervisor retries.`,
    );
  }
  // A second daemon that was started at the same time has no socket, but it has written its pid to PM2's file.
  const home = new Pm2Home(pm2Home);
  if (holder !== undefined && holder !== home.readDaemonPid()) home.writeDaemonPid(holder);
  const pid = holder ?? home.readDaemonPid();
  if (pid === null) {
    throw new Problem(
      'process-manager-unavailable',
      `${home.daemonPidFile} contains no pid, so PM2's daemon cannot be identified. The supervisor retries.`,
    );
  }
  return { pid, startTime: inspector.facts(pid)?.startTime ?? null, version };
}

function isNoListener(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

/**
 * Waits until received events are processed. Events that the daemon sent before an RPC answer are already in the bus
 * socket, and must be handled before that answer. An exit event carries the exit code and signal; a list does not.
 */
export async function drainEvents(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
