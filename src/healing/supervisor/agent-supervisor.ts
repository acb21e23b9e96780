import type { ProcessSnapshot } from '../../processes';
import type { Circuit } from '../../circuit';
import type { AgentActors } from '../actor/agent-actors';
import { AgentLifecycle } from '../actor/agent-lifecycle';
import { EffectExecutor } from '../actor/effect-executor';
import type { CommandResult } from '../actor/pending-commands';
import type { SupervisionPorts } from '../actor/ports';
import { runOf, type AgentState, type MachineEvent, type Phase, type MachineState, type Waiters } from '../machine';
import { CommandGate } from './command-gate';
import { DaemonConnection } from './daemon-connection';
import { ObservedState } from './observed-state';
import { SignalHandler } from './signal-handler';
import { SuspendDetector } from './suspend-detector';

/**
 * Supervises all registered agents: one actor each, the snapshots and signals that reach them, and the daemon below.
 * Every change to a process goes through an actor's mailbox.
 */
export class AgentSupervisor {
  readonly daemon: DaemonConnection;
  readonly agents: AgentLifecycle;
  private readonly observed: ObservedState;
  private readonly signals: SignalHandler;
  private readonly suspends: SuspendDetector;
  private readonly gate: CommandGate;
  private readonly subscriptions: (() => void)[] = [];

  constructor(
    private readonly ports: SupervisionPorts,
    private readonly actors: AgentActors,
    launchConcurrency: number,
  ) {
    const { clock, runtime, log, reports } = ports;
    const executor = new EffectExecutor(ports, launchConcurrency, (scan) => void this.observed.refresh(scan));
    this.observed = new ObservedState(ports, actors, (found) => {
      executor.reapUnregistered(found);
    });
    this.suspends = new SuspendDetector(ports, actors, this.observed);
    this.agents = new AgentLifecycle(ports, actors, {
      execute: (actor, effect) => {
        executor.execute(actor, effect);
      },
      // Nothing is launched before the first snapshot. A kill is retried even before it.
      mustWait: ({ kind }) => this.suspends.isRecovering || (!this.observed.hasBooted && kind === 'down'),
    });
    this.daemon = new DaemonConnection(runtime, clock, log, {
      onLost: (detail) => {
        reports.onDaemonLost(detail);
      },
      onConnected: (isFirst) => {
        reports.onDaemonConnected(isFirst);
        void this.observed.refresh(true);
      },
    });
    this.signals = new SignalHandler(ports, actors, this.observed, this.daemon);
    this.gate = new CommandGate(ports, this.observed, this.daemon, () => this.processManagerError());
  }

  /** Takes a registered agent under supervision, as new or with its saved state. */
  add(agentId: string, saved: AgentState | null): void {
    const actor = this.agents.add(agentId, saved);
    if (this.observed.hasBooted) actor.arm();
  }

  /** Subscribes to signals and suspends, and connects to the daemon. Healing starts here. */
  async begin(): Promise<void> {
    if (this.subscriptions.length === 0) {
      const unsubscribe = this.ports.runtime.onSignal((signal) => {
        this.signals.onSignal(signal);
      });
      this.subscriptions.push(unsubscribe, this.suspends.start());
    }
    await this.daemon.start();
  }

  /** Stops observing and deciding. Processes of agents keep running. */
  end(): void {
    for (const unsubscribe of this.subscriptions.splice(0)) unsubscribe();
    this.daemon.stop();
    this.observed.stop();
    this.agents.close();
  }

  machineState(agentId: string): MachineState | null {
    return this.actors.situationOf(agentId);
  }

  circuitOf(agentId: string): Circuit {
    return this.ports.circuits.circuitOf(agentId);
  }

  /**
   * Sends a command to an agent; resolves and throws as `AgentActor.command`. First waits for what the command needs: a
   * daemon, a snapshot. If commands overtake each other while they wait, the later one wins. If the agent is
   * unregistered meanwhile, the command is refused, even if another agent has its id by then.
   *
   * @throws Problem `process-manager-unavailable` if no snapshot came in time; a stop acts without one
   */
  async command(agentId: string, event: MachineEvent, waiters: Waiters): Promise<CommandResult> {
    const actor = this.actors.get(agentId);
    const ticket = actor.commandOrder.take(event);
    const ready = await this.gate.prepare(event, actor);
    ticket.claim();
    return actor.command(ready, waiters);
  }

  /** Runs the level-triggered pass: a fresh snapshot for every actor, and every deadline checked again. */
  async pass(): Promise<void> {
    // Before the first snapshot, it is unknown which saved runs still live.
    if (this.observed.hasBooted) for (const actor of this.actors.all()) actor.checkDeadline();
    this.daemon.reconsider(this.actors.all().some((actor) => needsDaemon(actor.machineState().state.phase)));
    await this.observed.refresh(false);
  }

  /** Returns why PM2 cannot be used now; null: it answers. */
  processManagerError(): string | null {
    return this.daemon.lastError ?? this.observed.lastError;
  }

  /** Returns the latest snapshot, for readers. */
  latest(): ProcessSnapshot | null {
    return this.observed.latest();
  }
}

/** Returns true for a phase that only a daemon can settle: an open outcome, or an orphan of an earlier daemon. */
function needsDaemon(phase: Phase): boolean {
  return phase.kind === 'starting' || phase.kind === 'stopping' || runOf(phase) !== null;
}
