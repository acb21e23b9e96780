import { isSettledWithin, Problem } from '../../kernel';
import type { AgentActor } from '../actor/agent-actor';
import type { SupervisionPorts } from '../actor/ports';
import type { MachineEvent, MachineState } from '../machine';
import type { DaemonConnection } from './daemon-connection';
import type { ObservedState } from './observed-state';

type StopAsked = Extract<MachineEvent, { type: 'stop-asked' }>;

/** Limit in milliseconds for which a command waits for a snapshot. */
const SNAPSHOT_MS = 5_000;

/** Holds a command until what it needs is there: a daemon, a snapshot. */
export class CommandGate {
  constructor(
    private readonly ports: Pick<SupervisionPorts, 'clock' | 'runtime'>,
    private readonly observed: ObservedState,
    private readonly daemon: DaemonConnection,
    private readonly processManagerError: () => string | null,
  ) {}

  /**
   * Resolves with the event that enters the mailbox.
   *
   * @throws Problem `process-manager-unavailable` if no snapshot came in time; a stop acts without one
   */
  async prepare(event: MachineEvent, actor: AgentActor): Promise<MachineEvent> {
    if (event.type === 'stop-asked') return this.prepareStop(event, actor);
    await this.prepareOther(event, actor);
    return event;
  }

  /**
   * Takes a snapshot before a stop of an agent that seems down: a process started in a shell a moment ago may be
   * unknown.
   */
  private async prepareStop(event: StopAsked, actor: AgentActor): Promise<StopAsked> {
    if (!this.observed.hasBooted) return { ...event, hasFreshSnapshot: await this.observed.waitForBoot(SNAPSHOT_MS) };
    if (!isAtRest(actor.machineState())) return event;
    const before = this.observed.latest();
    await isSettledWithin(this.ports.clock, this.observed.refresh(false), SNAPSHOT_MS);
    return { ...event, hasFreshSnapshot: this.observed.latest() !== before };
  }

  /** Waits for the first snapshot. Before it, a saved run may or may not live. */
  private async prepareOther(event: MachineEvent, actor: AgentActor): Promise<void> {
    const isStart = event.type === 'start-asked' || event.type === 'restart-asked';
    if (isStart) await this.daemon.ensure();
    if (!this.observed.hasBooted && !(await this.observed.waitForBoot(SNAPSHOT_MS))) throw this.noSnapshot();
    // The run may be dead without a report of its exit yet. Refresh, so that the start is not answered with a dead
    // process.
    if (isStart && this.hasUnreportedExit(actor)) await this.observed.refresh(false);
  }

  private noSnapshot(): Problem {
    const reason = this.processManagerError() ?? 'PM2 has not answered since agent-spawner started.';
    return new Problem(
      'process-manager-unavailable',
      `${reason} Until PM2 answers, it is unknown which processes run, so nothing is started. The connection is retried; try again later.`,
    );
  }

  private hasUnreportedExit(actor: AgentActor): boolean {
    const { phase } = actor.machineState().state;
    const isUp = phase.kind === 'verifying' || phase.kind === 'running';
    return isUp && !this.ports.runtime.isAlive(phase.run.process);
  }
}

function isAtRest({ state: { phase } }: MachineState): boolean {
  return phase.kind === 'stopped' || phase.kind === 'down';
}
