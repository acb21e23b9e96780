import { messageOf, Problem } from '../kernel';
import type { RuntimeSignal, RuntimeSnapshot } from '../runtime';
import type { Circuit } from '../circuit';
import { AgentCell, type CommandResult } from './agent-cell';
import { DaemonWatch, type DaemonEvents } from './daemon-watch';
import { EffectRunner } from './effect-runner';
import type { LaunchGuard } from './launch-guard';
import { newAgentState, type AgentState, type MachineEvent, type Situation, type Waiters } from './machine';
import { observationsOf } from './observe';
import type { SupervisionPorts } from './ports';
import { Relister } from './relister';

export interface SupervisorOptions {
  readonly launchConcurrency: number;
  /** Told when the daemon is lost and found. */
  readonly daemonEvents?: Partial<DaemonEvents>;
  /** For the simulation alone, which shows what happens without it. */
  readonly guard?: LaunchGuard;
}

/**
 * All agents that we launch: one cell each, the lists and signals that reach them, and the daemon below. Everything that
 * may change a process goes through a cell's mailbox.
 */
export class AgentSupervisor {
  readonly daemon: DaemonWatch;
  private readonly cells = new Map<string, AgentCell>();
  private readonly runner: EffectRunner;
  private readonly relister: Relister;
  private unsubscribe: (() => void) | null = null;
  /** No process of the world before our start is judged until one list of everything was seen. */
  private booted = false;
  private lastSnapshot: RuntimeSnapshot | null = null;
  private listError: string | null = null;

  constructor(
    private readonly ports: SupervisionPorts,
    options: SupervisorOptions,
  ) {
    this.relister = new Relister(
      ports.runtime,
      (snapshot, scanned) => {
        this.distribute(snapshot, scanned);
      },
      (error) => {
        this.listError = messageOf(error);
        ports.log.warn({ error: this.listError }, 'no list could be had from PM2');
      },
    );
    const observe = (scan: boolean) => void this.relister.request(scan || !this.booted);
    this.runner = new EffectRunner(ports, options.launchConcurrency, observe, options.guard);
    this.daemon = new DaemonWatch(ports.runtime, ports.clock, ports.log, {
      lost: (detail) => options.daemonEvents?.lost?.(detail),
      connected: (first) => {
        options.daemonEvents?.connected?.(first);
        void this.relister.request(true);
      },
    });
  }

  /** Takes an agent under supervision, as new or with the state that was saved of it. */
  add(agentId: string, saved: AgentState | null): void {
    const state = saved ?? newAgentState(this.ports.clock.now() - 1);
    const cell = new AgentCell(agentId, state, this.ports, (self, effect) => {
      this.runner.run(self, effect);
    });
    this.cells.set(agentId, cell);
    if (this.booted) cell.arm();
  }

  /** The agent is not registered any more; it was terminated before. Its entry leaves PM2's list. */
  async remove(agentId: string): Promise<void> {
    const cell = this.cells.get(agentId);
    const entry = cell?.situation().state.lastRun ?? null;
    cell?.close();
    this.cells.delete(agentId);
    if (entry === null) return;
    try {
      await this.ports.runtime.forget(entry.pmId);
    } catch (error) {
      this.ports.log.warn(
        { agentId, error: messageOf(error) },
        'the entry of an unregistered agent stays listed in PM2',
      );
    }
  }

  /** Begins to listen and to look. Healing happens from here on. */
  async begin(): Promise<void> {
    this.unsubscribe ??= this.ports.runtime.onSignal((signal) => {
      this.received(signal);
    });
    await this.daemon.start();
  }

  /** Stops looking and deciding; processes go on. */
  end(): void {
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.daemon.stop();
    this.relister.stop();
    for (const cell of this.cells.values()) cell.close();
  }

  /** @throws Problem `agent-not-found` where no agent of ours has this id */
  cell(agentId: string): AgentCell {
    const cell = this.cells.get(agentId);
    if (cell === undefined) throw new Problem('agent-not-found', `There is no agent ${agentId} that is launched here.`);
    return cell;
  }

  find(agentId: string): AgentCell | null {
    return this.cells.get(agentId) ?? null;
  }

  situation(agentId: string): Situation | null {
    return this.cells.get(agentId)?.situation() ?? null;
  }

  circuitOf(agentId: string): Circuit {
    return this.ports.circuits.circuitOf(agentId);
  }

  agentIds(): readonly string[] {
    return [...this.cells.keys()];
  }

  command(agentId: string, event: MachineEvent, waiters: Waiters): Promise<CommandResult> {
    return this.cell(agentId).command(event, waiters);
  }

  /** The level-triggered pass: a fresh list for everybody, and every deadline looked at again. */
  async pass(): Promise<void> {
    for (const cell of this.cells.values()) cell.post({ type: 'timer' });
    await this.relister.request(false);
  }

  /** Why PM2 cannot be used now; null: it answers. */
  processManagerError(): string | null {
    return this.daemon.lastError ?? this.listError;
  }

  /** What the latest list showed; for readers. */
  latest(): RuntimeSnapshot | null {
    return this.lastSnapshot;
  }

  private received(signal: RuntimeSignal): void {
    switch (signal.kind) {
      case 'exited': {
        const { runId, upSince, exitCode, ordered } = signal;
        const exit = { exitCode, signal: signal.signal };
        this.cells.get(signal.agentId)?.post({ type: 'exited', runId, upSince, exit, ordered });
        return;
      }
      case 'operator-stopped':
        this.cells.get(signal.agentId)?.post({ type: 'operator-stopped' });
        return;
      case 'operator-started':
        void this.relister.request(false);
        return;
      case 'daemon-ending':
        this.daemon.ending();
        for (const cell of this.cells.values()) cell.post({ type: 'daemon-ending' });
        return;
      case 'connection-lost':
        this.daemon.lost(signal.detail);
        return;
    }
  }

  private distribute(snapshot: RuntimeSnapshot, scanned: boolean): void {
    const boot = !this.booted;
    this.lastSnapshot = snapshot;
    this.listError = null;
    const observations = observationsOf(this.cells.keys(), snapshot, { scanned, boot });
    for (const [agentId, observation] of observations) {
      this.cells.get(agentId)?.post({ type: 'observed', observation });
    }
    if (!boot) return;
    this.booted = true;
    for (const cell of this.cells.values()) cell.arm();
  }
}
