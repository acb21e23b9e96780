import path from 'node:path';
import { messageOf, Problem, type Clock } from '../../kernel';
import type { ProcessInspector } from '../process-inspector';
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
} from '../process-runtime';
import type { Mark } from '../process-tree';
import { Terminator } from '../terminator';
import { Connection } from './connection';
import { daemonPid, startDaemon } from './daemon';
import { DaemonSocket } from './daemon-socket';
import { withOrderedEnds } from './daemon-log';
import { preparedSchema } from './pm2-packet';
import { preparation } from './preparation';
import { namesOfAll, readTable, type TableRow } from './process-table';
import { findUnlisted, present } from './unlisted';

export interface Pm2RuntimeOptions {
  /** Absolute. */
  readonly pm2Home: string;
  readonly clock: Clock;
  readonly inspector: ProcessInspector;
  /** Under which the tokens of agents are made: our mark in the process table. */
  readonly key: Buffer;
  readonly rpcTimeoutMs?: number;
}

const RPC_TIMEOUT_MS = 3_000;
/** Errors of the machine, not of the agent; the last is PM2's own word for a child that it could not give its pipes. */
const RESOURCES = /\b(?:EMFILE|ENFILE|EAGAIN|ENOMEM)\b|could not be forked properly/;

/** The port over PM2's daemon, driven by its own RPC (docs/adr/0001). */
export class Pm2Runtime implements ProcessRuntime {
  private connection: Connection | null = null;
  private connecting: Promise<DaemonIdentity> | null = null;
  private readonly listeners = new Set<(signal: RuntimeSignal) => void>();
  private readonly terminator: Terminator;
  /** A request for a list that has not begun yet, for others to share. */
  private next: { scan: boolean; readonly snapshot: Promise<RuntimeSnapshot> } | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: Pm2RuntimeOptions) {
    const { clock, inspector, key } = options;
    const spared = () => [process.pid, this.connection?.daemon.pid ?? daemonPid(options.pm2Home) ?? 0];
    this.terminator = new Terminator({ clock, inspector, key, spared });
  }

  isConnected(): boolean {
    return this.connection?.isOpen ?? false;
  }

  isAlive(process: ProcessIdentity): boolean {
    return this.options.inspector.isAlive(process);
  }

  connect(mayStart: boolean): Promise<DaemonIdentity> {
    if (this.connection?.isOpen === true) return Promise.resolve(this.connection.daemon);
    this.connecting ??= this.open(mayStart).finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async open(mayStart: boolean): Promise<DaemonIdentity> {
    const { pm2Home, inspector, clock, rpcTimeoutMs = RPC_TIMEOUT_MS } = this.options;
    const attempt = () =>
      Connection.open({ pm2Home, inspector, clock, timeoutMs: rpcTimeoutMs }, (signal) => {
        this.tell(signal);
      });
    let connection = await attempt();
    if (connection === null && mayStart) {
      const socket = new DaemonSocket(pm2Home, inspector);
      await startDaemon(pm2Home, () => socket.whoAnswers());
      connection = await attempt();
    }
    if (connection === null) {
      throw new Problem(
        'process-manager-unavailable',
        `No PM2 daemon runs in ${pm2Home}. It is started with the next spawn.`,
      );
    }
    this.connection = connection;
    return connection.daemon;
  }

  snapshot(scan: boolean): Promise<RuntimeSnapshot> {
    if (this.next !== null) {
      this.next.scan ||= scan;
      return this.next.snapshot;
    }
    const request = { scan, snapshot: this.last.then(() => this.take()) };
    this.next = request;
    this.last = request.snapshot.catch(() => undefined);
    return request.snapshot;
  }

  private async take(): Promise<RuntimeSnapshot> {
    const scan = this.next?.scan ?? false;
    this.next = null;
    const connection = this.live();
    if (connection.isShadowed()) {
      connection.close();
      throw new Problem(
        'process-manager-unavailable',
        "Another daemon has taken the place of PM2's; it is connected to.",
      );
    }
    const { inspector, key, pm2Home } = this.options;
    const place = { daemonPid: connection.daemon.pid, inspector, scan };
    const before = present(place);
    const { beganAt, rows } = await connection.list();
    await eventsAreRead();
    const table = readTable(rows, inspector);
    for (const row of table) connection.restartTimes.set(row.pmId, row.restartTime);
    const listed = scan ? withOrderedEnds(table, pm2Home) : table;
    const { daemon } = connection;
    return { beganAt, daemon, listed, unlisted: findUnlisted({ ...place, listed, before, key }) };
  }

  async launch(plan: LaunchPlan, replaces: number | null): Promise<LaunchOutcome> {
    const { pm2Home, clock } = this.options;
    const connection = this.connection;
    if (connection?.isOpen !== true) return { kind: 'failed', reason: 'not-asked', evidence: 'not connected to PM2' };
    const replaced =
      replaces === null ? null : { pmId: replaces, restartTime: connection.restartTimes.get(replaces) ?? 0 };
    const answer = await connection.rpc.call('prepare', preparation(plan, pm2Home, replaced, clock.wall()));
    switch (answer.kind) {
      case 'answered':
        return this.launched(connection, plan, answer.value);
      case 'refused':
        return failedLaunch(answer.message);
      case 'not-sent':
        return { kind: 'failed', reason: 'not-asked', evidence: answer.message };
      case 'unknown':
        return { kind: 'unknown', detail: answer.message };
    }
  }

  /** PM2 calls a launch a success even where there was no process (PM2-FACTS, 4): only a pid is one. */
  private async launched(connection: Connection, plan: LaunchPlan, value: unknown): Promise<LaunchOutcome> {
    const parsed = preparedSchema.safeParse(value);
    const prepared = parsed.success ? parsed.data[0] : undefined;
    if (prepared === undefined) return { kind: 'unknown', detail: 'PM2 answered the launch with something else' };
    const record = prepared.pm2_env;
    const pid = prepared.process?.pid ?? prepared.pid;
    if (typeof pid !== 'number' || pid <= 0) {
      // Listed as online without a pid it makes PM2 fail to measure all the others. Stopped, not deleted: an entry that is
      // missing means that a person deleted it.
      await connection.rpc.call('stopProcessId', record.pm_id);
      await eventsAreRead();
      const code = connection.takeSpawnError(plan.program) ?? 'it does not say why, see pm2.log';
      return failedLaunch(`the system could not execute ${path.basename(plan.program)}: ${code}`);
    }
    connection.restartTimes.set(record.pm_id, record.restart_time ?? 0);
    const startTime = this.options.inspector.facts(pid)?.startTime ?? null;
    return {
      kind: 'launched',
      process: { pid, startTime },
      pmId: record.pm_id,
      uniqueId: record.unique_id ?? '',
      upSince: record.pm_uptime ?? 0,
    };
  }

  terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { agentId, runId, process } = target;
    const isMeant = (mark: Mark) => mark.agentId === agentId && (runId === null || mark.runId === runId);
    return this.terminator.end(process, isMeant, killTimeoutMs);
  }

  endProcess(process: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome> {
    return this.terminator.end(process, null, killTimeoutMs);
  }

  async forget(pmId: number): Promise<void> {
    const row = (await this.table()).find((each) => each.pmId === pmId);
    // Deleting an entry ends its process: of a live one that is not this call's business.
    if (row?.process !== null || row.state === 'launching') return;
    const answer = await this.live().rpc.call('deleteProcessId', pmId);
    if (answer.kind === 'unknown' || answer.kind === 'not-sent') {
      throw new Problem('process-manager-unavailable', `${answer.message}. The entry may still be listed.`);
    }
  }

  private async table(): Promise<TableRow[]> {
    return readTable((await this.live().list()).rows, this.options.inspector);
  }

  /** Names of what else the daemon runs: other people's, none of our business but that it is there. */
  async otherEntries(): Promise<string[]> {
    return namesOfAll((await this.live().list()).rows);
  }

  onSignal(listener: (signal: RuntimeSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.connection?.close();
    this.connection = null;
    this.listeners.clear();
    return Promise.resolve();
  }

  private live(): Connection {
    if (this.connection?.isOpen === true) return this.connection;
    const home = path.basename(this.options.pm2Home);
    throw new Problem(
      'process-manager-unavailable',
      `Not connected to PM2's daemon of ${home}; it is being reconnected.`,
    );
  }

  private tell(signal: RuntimeSignal): void {
    if (signal.kind === 'connection-lost') this.connection = null;
    for (const listener of this.listeners) {
      try {
        listener(signal);
      } catch (error) {
        // One bad listener must not keep the others from hearing, nor break the daemon's stream.
        process.emitWarning(`a listener to PM2's signals failed: ${messageOf(error)}`);
      }
    }
  }
}

/**
 * What the daemon told before it gave the list lies in our other socket already. It is read first: an exit that is heard
 * carries its code and signal, one that a list shows does not.
 */
async function eventsAreRead(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

function failedLaunch(evidence: string): LaunchOutcome {
  return { kind: 'failed', reason: RESOURCES.test(evidence) ? 'resources' : 'refused', evidence };
}
