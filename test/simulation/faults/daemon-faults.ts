import type { DesiredState } from '../../../src/kernel';
import type { OperatorShell } from '../operators/operator-shell';
import type { ServiceProcess } from '../service/service-process';
import type { SimulationContext } from '../simulation-context';

/** Time after the end of a daemon in which it may still turn out to be a `pm2 update`. */
const END_OPEN_MS = 32_000;
/** Time in which `pm2 update` has started the new daemon. */
const UPDATE_MS = 1_000;
/** Time in which a connected service has noticed a new daemon. */
const SEEN_MS = 3_000;
const LONGEST_FREEZE_MS = 15_000;

const EITHER: readonly DesiredState[] = ['running', 'stopped'];

interface Parts {
  readonly service: () => ServiceProcess;
  readonly shell: OperatorShell;
}

/** Kills and freezes PM2's daemon, and ends it as an operator does with `pm2 kill` or `pm2 update`. */
export class DaemonFaults {
  private endCount = 0;
  /** On the clock of the world. */
  private updatingUntil = 0;
  /** Active time at which the service has seen the last update. */
  private updateSeenAt = 0;
  /** Active time. */
  private endOpenUntil = 0;

  constructor(
    private readonly context: SimulationContext,
    private readonly parts: Parts,
  ) {}

  /** Returns how often an operator ran `pm2 kill` or `pm2 update`. */
  get ends(): number {
    return this.endCount;
  }

  /** Returns true while `pm2 update` has no daemon. A start at this moment makes two daemons: PM2 does not prevent it. */
  isUpdating(): boolean {
    return this.context.clock.now() < this.updatingUntil;
  }

  /** Returns true while the service may not know that the last end of the daemon was an update. */
  isUpdateUnseen(): boolean {
    return this.context.activeTime.now() < this.updateSeenAt;
  }

  /** Returns true while the last end of the daemon may be an update. A process that appears may come from it. */
  isEndOpen(): boolean {
    return this.context.activeTime.now() < this.endOpenUntil;
  }

  /** Kills the daemon with SIGKILL, unless the service does not know it yet: it could not find its agents then. */
  kill(): void {
    const { agents, world, clock, referee, say } = this.context;
    const { daemon } = world;
    if (daemon === null || clock.now() - daemon.bornAt < SEEN_MS) return;
    const service = this.parts.service();
    if (service.isAlive && !service.hasSeen(daemon)) return;
    referee.excuseLostTraces(agents);
    say('the daemon is killed');
    this.parts.shell.interrupt();
    world.killDaemon();
  }

  freeze(): void {
    const { agents, world, clock, referee, draw, say } = this.context;
    referee.excuseLostTraces(agents);
    say('the daemon is frozen');
    world.freezeDaemon(true);
    clock.after(draw(LONGEST_FREEZE_MS), () => {
      say('the daemon is thawed');
      world.freezeDaemon(false);
    });
  }

  /** Runs `pm2 kill` or `pm2 update`, unless the daemon hangs. */
  end(): void {
    const { agents, clock, activeTime, world, referee, random, say } = this.context;
    if (world.daemon?.isFrozen !== false) return;
    this.endCount += 1;
    this.endOpenUntil = activeTime.now() + END_OPEN_MS;
    const isUpdate = random() < 0.5;
    if (isUpdate) {
      this.updatingUntil = clock.now() + UPDATE_MS;
      this.updateSeenAt = activeTime.now() + UPDATE_MS + SEEN_MS;
    }
    referee.excuseLostTraces(agents);
    say(isUpdate ? 'pm2 update' : 'pm2 kill');
    for (const agentId of agents) this.expectEnd(agentId, isUpdate);
    this.parts.shell.interrupt();
    if (isUpdate) world.shell.updateDaemon();
    else world.shell.killDaemon();
  }

  onReboot(): void {
    this.updatingUntil = 0;
  }

  /** Sets what is right for the agent after the end of the daemon. */
  private expectEnd(agentId: string, isUpdate: boolean): void {
    const { world, referee } = this.context;
    const service = this.parts.service();
    referee.noteAct(agentId, EITHER);
    referee.allowKill(agentId);
    const before = referee.allowedOf(agentId);
    if (!before.has('running')) return;
    // The command does not end an orphan of an earlier daemon.
    const isListed = world.listed().some((entry) => entry.agentId === agentId && entry.process !== null);
    const isEnded = isListed && world.aliveOf(agentId).length === 1;
    const isWatched = service.isAlive && service.runtime.isConnected();
    if (!isUpdate && isEnded && isWatched && before.size === 1) referee.allow(agentId, ['stopped'], 'shell');
    // An update does not list an agent that had just died, so the new list does not show if it should run.
    else if (!(isUpdate && isEnded)) referee.allow(agentId, EITHER, 'shell');
  }
}
