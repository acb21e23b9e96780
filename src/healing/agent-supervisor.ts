import { detailOf, isSettledWithin, messageOf, Problem } from '../kernel';
import type { ProcessIdentity, RuntimeSignal, RuntimeSnapshot } from '../runtime';
import type { Circuit } from '../circuit';
import { AgentCell, type ActingEffect, type CommandResult } from './agent-cell';
import { DaemonWatch, type DaemonEvents } from './daemon-watch';
import { EffectRunner } from './effect-runner';
import {
  DAEMON_UPDATE_MS,
  newAgentState,
  runOf,
  type AgentState,
  type MachineEvent,
  type Phase,
  type Situation,
  type Waiters,
} from './machine';
import { observationsOf, withKnownRun } from './observe';
import type { SupervisionPorts } from './ports';
import { Relister } from './relister';
import { TimeGap } from './time-gap';

export interface SupervisorOptions {
  readonly launchConcurrency: number;
  /** Time between two calls of {@link AgentSupervisor.pass}. */
  readonly passMs: number;
  /** Told when the daemon is lost and found. */
  readonly daemonEvents?: Partial<DaemonEvents>;
  /** Told that nothing ran for so long. */
  readonly resumed?: (gapMs: number) => void;
}

type StopAsked = Extract<MachineEvent, { type: 'stop-asked' }>;

/** A timer that fires later than this shows that nothing ran for a while. */
const LATE_MS = 5_000;
/** Just before what was ended with the daemon is given up: it is still known which that was. */
const TELL_BEFORE_MS = 500;
/** How long a command waits for a list. */
const LIST_MS = 5_000;

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
  private hasBooted: (seen: true) => void = () => undefined;
  private readonly boot = new Promise<true>((resolve) => {
    this.hasBooted = resolve;
  });
  private lastSnapshot: RuntimeSnapshot | null = null;
  private listError: string | null = null;
  private resuming = false;
  private readonly timeGap: TimeGap;

  constructor(
    private readonly ports: SupervisionPorts,
    private readonly options: SupervisorOptions,
  ) {
    this.timeGap = new TimeGap(ports.clock, options.passMs);
    this.relister = new Relister(
      ports.runtime,
      (snapshot, scanned) => {
        this.distribute(snapshot, scanned);
      },
      (error) => {
        const before = this.listError;
        this.listError = detailOf(error);
        if (before === null) ports.log.warn({ error: this.listError }, 'no list could be had from PM2');
      },
    );
    const observe = (scan: boolean) => void this.relister.request(scan || !this.booted);
    this.runner = new EffectRunner(ports, options.launchConcurrency, observe);
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
    const act = (self: AgentCell, effect: ActingEffect) => {
      this.runner.run(self, effect);
    };
    const cell = new AgentCell(agentId, state, this.ports, act, (lateMs) => this.isHeldUp(lateMs));
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

  /**
   * Gives a command to an agent; what it resolves with, and throws, is {@link AgentCell.command}'s. What it has to wait
   * for first (a daemon, a list) it waits for here; of two that meet there, the one that was given later wins.
   *
   * @throws Problem `process-manager-unavailable` when there was no list in time; a stop acts without one
   */
  async command(agentId: string, event: MachineEvent, waiters: Waiters): Promise<CommandResult> {
    const turn = this.cell(agentId).turns.take(event);
    const ready = event.type === 'stop-asked' ? await this.readyForStop(event, agentId) : event;
    if (event.type !== 'stop-asked') await this.readyForStart(agentId, event);
    turn.claim();
    return this.cell(agentId).command(ready, waiters);
  }

  /** What was started in a shell a moment ago may not be known yet: that nothing runs is an answer only after a list. */
  private async readyForStop(event: StopAsked, agentId: string): Promise<StopAsked> {
    const { clock } = this.ports;
    if (!this.booted) return { ...event, looked: await isSettledWithin(clock, this.boot, LIST_MS) };
    if (!isAtRest(this.situation(agentId))) return event;
    const before = this.lastSnapshot;
    await isSettledWithin(clock, this.relister.request(false), LIST_MS);
    return { ...event, looked: this.lastSnapshot !== before };
  }

  /** Until the first list was seen, nobody knows whether what was saved as running runs: it is waited for, not for ever. */
  private async readyForStart(agentId: string, event: MachineEvent): Promise<void> {
    const isStart = event.type === 'start-asked' || event.type === 'restart-asked';
    if (isStart) await this.daemon.wanted();
    if (!this.booted) {
      const isPatient = event.type === 'start-asked' && event.by === 'autostart';
      const waited = isPatient ? this.boot : isSettledWithin(this.ports.clock, this.boot, LIST_MS);
      if (!(await waited)) {
        const reason = this.processManagerError() ?? 'PM2 has not answered since agent-spawner began.';
        throw new Problem(
          'process-manager-unavailable',
          `${reason} Until then nobody knows what runs, and nothing is started. It is asked again all the time.`,
        );
      }
    }
    // It is no answer to a start that it runs, when it has ended and only the word of it has not come yet.
    if (isStart && this.hasEndedUnnoticed(agentId)) await this.relister.request(false);
  }

  private hasEndedUnnoticed(agentId: string): boolean {
    const phase = this.situation(agentId)?.state.phase;
    const isUp = phase?.kind === 'verifying' || phase?.kind === 'running';
    return isUp && !this.ports.runtime.isAlive(phase.run.process);
  }

  /** The level-triggered pass: a fresh list for everybody, and every deadline looked at again. */
  async pass(): Promise<void> {
    const gapMs = this.timeGap.tick();
    if (gapMs !== null) this.resumed(gapMs);
    // Before the first list nobody knows what became of the processes that the saved states speak of.
    if (this.booted) for (const cell of this.cells.values()) cell.look();
    this.daemon.reconsider([...this.cells.values()].some((cell) => needsDaemon(cell.situation().state.phase)));
    await this.relister.request(!this.booted);
  }

  /** Why PM2 cannot be used now; null: it answers. */
  processManagerError(): string | null {
    return this.daemon.lastError ?? this.listError;
  }

  /** What the latest list showed; for readers. */
  latest(): RuntimeSnapshot | null {
    return this.lastSnapshot;
  }

  /** True while nothing that is due may be acted on: the world has to be looked at first. */
  private isHeldUp(lateMs: number): boolean {
    const gapMs = this.timeGap.look() ?? (lateMs > LATE_MS ? lateMs : null);
    if (gapMs !== null) this.resumed(gapMs);
    return this.resuming;
  }

  /** After a time in which nothing ran: what the world has become is looked at before anything due is done. */
  private resumed(gapMs: number): void {
    if (this.resuming) return;
    this.resuming = true;
    this.timeGap.tick();
    this.options.resumed?.(gapMs);
    void this.relister.request(true).then(() => {
      this.resuming = false;
      for (const cell of this.cells.values()) {
        cell.post({ type: 'resumed' });
        cell.post({ type: 'timer' });
      }
    });
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
        this.operatorStopped(signal);
        return;
      case 'operator-started':
        void this.relister.request(false);
        return;
      case 'came-online':
        if (this.isSecond(signal)) void this.relister.request(false);
        return;
      case 'daemon-ending':
        this.daemon.ending();
        this.tellOfEnd();
        for (const cell of this.cells.values()) cell.post({ type: 'daemon-ending', daemon: signal.daemon });
        return;
      case 'connection-lost':
        this.daemon.lost(signal.detail);
        return;
    }
  }

  /** One message for all of them, once it is plain that it was no update. */
  private tellOfEnd(): void {
    this.ports.clock.after(DAEMON_UPDATE_MS - TELL_BEFORE_MS, () => {
      const phases = [...this.cells.values()].map((cell) => cell.situation().state.phase);
      const agents = phases.filter((phase) => phase.kind === 'down' && phase.why === 'daemon-ended').length;
      if (agents > 0 && !this.ports.runtime.isConnected()) this.options.daemonEvents?.ended?.(agents);
    });
  }

  /** Somebody has started an agent that runs already, behind an entry of its own: the list shows which has to go. */
  private isSecond({ agentId, pmId }: Extract<RuntimeSignal, { kind: 'came-online' }>): boolean {
    const phase = this.situation(agentId)?.state.phase;
    const run = phase === undefined ? null : runOf(phase);
    return run !== null && run.pmId !== pmId;
  }

  private operatorStopped({ agentId, upSince, at }: Extract<RuntimeSignal, { kind: 'operator-stopped' }>): void {
    const { clock } = this.ports;
    const agoMs = Math.max(0, clock.wall() - at);
    this.cells.get(agentId)?.post({ type: 'operator-stopped', upSince, at: clock.now() - agoMs });
  }

  private distribute(snapshot: RuntimeSnapshot, scanned: boolean): void {
    const boot = !this.booted;
    this.lastSnapshot = snapshot;
    this.listError = null;
    const observations = observationsOf(this.cells.keys(), snapshot, { scanned, boot });
    const isAlive = (process: ProcessIdentity) => this.ports.runtime.isAlive(process);
    for (const [agentId, seen] of observations) {
      const lastRun = this.situation(agentId)?.state.lastRun ?? null;
      const observation = withKnownRun(seen, agentId, lastRun, isAlive);
      this.cells.get(agentId)?.post({ type: 'observed', observation });
    }
    if (!boot) return;
    this.booted = true;
    this.hasBooted(true);
    for (const cell of this.cells.values()) cell.arm();
  }
}

/** What nobody can settle without a daemon: an open outcome, and an orphan of an earlier daemon. */
function needsDaemon(phase: Phase): boolean {
  return phase.kind === 'starting' || phase.kind === 'stopping' || runOf(phase) !== null;
}

function isAtRest(situation: Situation | null): boolean {
  return situation?.state.phase.kind === 'stopped' || situation?.state.phase.kind === 'down';
}
