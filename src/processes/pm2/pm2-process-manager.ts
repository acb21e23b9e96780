import { messageOf, NextFlight, Problem, type Clock } from '../../kernel';
import type { EntryRef } from '../entry-ref';
import { verifyAgentToken } from '../launch/agent-token';
import type { LaunchOutcome, LaunchPlan } from '../launch/launch-plan';
import type { ProcessManager, TerminateOutcome, TerminateTarget } from '../process-manager';
import type { ProcessManagerSignal, ShellStop } from '../process-manager-signal';
import type { DaemonIdentity, ProcessSnapshot, UnlistedProcess } from '../process-snapshot';
import type { ProcessIdentity, ProcessInspector } from '../process-table/process-inspector';
import type { Mark } from '../process-table/process-tree';
import { Terminator } from '../terminator';
import { drainEvents } from './connection';
import { DaemonLink } from './daemon-link';
import { markOrderedExits } from './daemon-log';
import { readEntries, readNames, type EntrySources } from './entries';
import { EntryLookup } from './entry-lookup';
import { Pm2Home } from './pm2-home';
import { Pm2Launcher } from './pm2-launcher';
import { findUnlisted, identifyPresent } from './unlisted';

export interface Pm2ProcessManagerOptions {
  /** Absolute path. */
  readonly pm2Home: string;
  readonly clock: Clock;
  readonly inspector: ProcessInspector;
  /** Key that signs the agents' tokens, which mark their processes in the process table. */
  readonly key: Buffer;
  readonly rpcTimeoutMs?: number;
}

const RPC_TIMEOUT_MS = 3_000;

/** Commands of PM2 as the operator types them, for the history and for answers. */
export const SHELL_COMMANDS: Readonly<Record<ShellStop, string>> = {
  stop: 'pm2 stop',
  delete: 'pm2 delete',
  kill: 'pm2 kill',
};

/** Implements the port on PM2's daemon through its own RPC (docs/adr/0001). */
export class Pm2ProcessManager implements ProcessManager {
  private readonly sources: EntrySources;
  private readonly link: DaemonLink;
  /** Takes one snapshot at a time. It scans if any of the callers that share it asks for that. */
  private readonly snapshots = new NextFlight<ProcessSnapshot, boolean>(
    (scan) => this.takeSnapshot(scan),
    (waiting, added) => waiting || added,
  );
  private readonly lookup: EntryLookup;
  private readonly launcher: Pm2Launcher;
  private readonly terminator: Terminator;
  private readonly listeners = new Set<(signal: ProcessManagerSignal) => void>();

  constructor(private readonly options: Pm2ProcessManagerOptions) {
    const { pm2Home, clock, inspector, key, rpcTimeoutMs: timeoutMs = RPC_TIMEOUT_MS } = options;
    this.sources = { inspector, verify: (token) => verifyAgentToken(token, key) };
    this.link = new DaemonLink({ ...this.sources, pm2Home, clock, timeoutMs }, (signal) => {
      this.notify(signal);
    });
    this.lookup = new EntryLookup(this.sources);
    this.launcher = new Pm2Launcher({ ...options, path: process.env.PATH }, this.lookup);
    const spared = () => [process.pid, this.link.findDaemonPid() ?? 0];
    this.terminator = new Terminator({ clock, inspector, key, spared });
  }

  isConnected(): boolean {
    return this.link.open !== null;
  }

  isAlive(process: ProcessIdentity): boolean {
    return this.options.inspector.isAlive(process);
  }

  connect(startDaemon: boolean): Promise<DaemonIdentity> {
    return this.link.connect(startDaemon);
  }

  snapshot(scan: boolean): Promise<ProcessSnapshot> {
    return this.snapshots.run(scan);
  }

  launch(plan: LaunchPlan, replaces: EntryRef | null): Promise<LaunchOutcome> {
    return this.launcher.launch(this.link.open, plan, replaces);
  }

  terminate(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { agentId, runId, process } = target;
    const matches = (mark: Mark) => mark.agentId === agentId && (runId === null || mark.runId === runId);
    return this.kill(process, matches, killTimeoutMs);
  }

  terminateProcess(process: ProcessIdentity, killTimeoutMs: number): Promise<TerminateOutcome> {
    return this.kill(process, null, killTimeoutMs);
  }

  async deleteEntry(entry: EntryRef): Promise<void> {
    const connection = this.link.requireOpen();
    if ((await this.lookup.findDead(connection, entry)) === null) return;
    const answer = await connection.rpc.call('deleteProcessId', entry.entryId);
    if (answer.kind === 'unknown' || answer.kind === 'not-sent') {
      throw new Problem(
        'process-manager-unavailable',
        `${answer.message}. The entry may still be listed; take a snapshot before you retry.`,
      );
    }
  }

  /** Searches the process table for processes that carry an agent's mark. It needs no daemon. */
  findMarked(): UnlistedProcess[] {
    const { inspector, key } = this.options;
    const place = { daemonPid: 0, inspector, scan: true };
    return findUnlisted({ ...place, listed: [], before: identifyPresent(place), key });
  }

  /** Returns the names of all entries that the daemon lists, in any namespace. */
  async otherEntries(): Promise<string[]> {
    return readNames((await this.link.requireOpen().list()).rows);
  }

  outputFileOf(agentId: string, stream: 'stdout' | 'stderr'): string {
    return new Pm2Home(this.options.pm2Home).outputFile(agentId, stream);
  }

  onSignal(listener: (signal: ProcessManagerSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.link.close();
    this.listeners.clear();
    return Promise.resolve();
  }

  private async takeSnapshot(scan: boolean): Promise<ProcessSnapshot> {
    const connection = this.link.requireOpen();
    if (connection.isShadowed()) {
      connection.close();
      throw new Problem(
        'process-manager-unavailable',
        'Another PM2 daemon has taken over the socket of the connected one. The supervisor connects to the new daemon.',
      );
    }
    const { inspector, key, pm2Home } = this.options;
    const place = { daemonPid: connection.daemon.pid, inspector, scan };
    const before = identifyPresent(place);
    const { beganAt, rows } = await connection.list();
    await drainEvents();
    const entries = readEntries(rows, this.sources);
    this.lookup.holdForThisTurn(connection, entries);
    const listed = scan ? markOrderedExits(entries, pm2Home) : entries;
    const { daemon } = connection;
    return { beganAt, daemon, listed, unlisted: findUnlisted({ ...place, listed, before, key }) };
  }

  /** Hazard: a kill may complete within one turn of the event loop, and the list held for that turn is stale then. */
  private async kill(...killing: Parameters<Terminator['terminate']>): Promise<TerminateOutcome> {
    try {
      return await this.terminator.terminate(...killing);
    } finally {
      this.lookup.drop();
    }
  }

  private notify(signal: ProcessManagerSignal): void {
    for (const listener of this.listeners) {
      try {
        listener(signal);
      } catch (error) {
        // A failing listener must not keep the signal from the others, nor break the daemon's stream.
        process.emitWarning(`signal listener failed: ${messageOf(error)}`);
      }
    }
  }
}
