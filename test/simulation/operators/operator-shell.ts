import type { DesiredState } from '../../../src/kernel';
import type { ListedProcess } from '../../../src/processes';
import type { LaunchFates } from '../faults/launch-fates';
import type { SimulationContext } from '../simulation-context';

const EITHER: readonly DesiredState[] = ['running', 'stopped'];

/** An operator at PM2's command line, who sees what `pm2 ls` shows and acts on it. */
export class OperatorShell {
  /** Runs that had a process. */
  private readonly lived = new Set<string>();
  /** Agents with a command that the daemon has not executed yet. */
  private readonly busy = new Set<string>();

  constructor(
    private readonly context: Pick<SimulationContext, 'world' | 'referee' | 'draw' | 'say'>,
    private readonly launches: LaunchFates,
  ) {}

  /**
   * Draws a command and types it, unless the shell does not show the agent's process.
   *
   * @param isWatched true if the service is sure to learn of the command
   */
  act(agentId: string, isWatched: boolean): void {
    const { world, referee, draw } = this.context;
    if (world.daemon?.isFrozen !== false || this.busy.has(agentId)) return;
    const entry = world.listed().find((each) => each.agentId === agentId);
    const alive = world.aliveOf(agentId);
    // The shell can neither stop nor start a process that it does not see.
    if (entry === undefined || alive.length > 1 || (alive.length === 1 && entry.process === null)) return;
    referee.allowKill(agentId);
    // The next command has to wait for the list that this one leaves.
    this.busy.add(agentId);
    const command = draw(4);
    if (command < 1.3) this.stop(agentId, isWatched);
    else if (command < 2.1) this.delete(agentId, entry, isWatched);
    else this.startOrRestart(agentId, entry, isWatched);
    world.callDaemon(() => this.busy.delete(agentId));
  }

  /** Returns true while a command is not executed yet. The daemon may hang. */
  isBusy(agentId: string): boolean {
    return this.busy.has(agentId);
  }

  /** Drops the commands that wait: the daemon is gone. */
  interrupt(): void {
    this.busy.clear();
  }

  onBirth(runId: string): void {
    this.lived.add(runId);
  }

  private stop(agentId: string, isWatched: boolean): void {
    const { world, referee, say } = this.context;
    say(`${agentId} pm2 stop`);
    referee.allow(agentId, isWatched ? ['stopped'] : EITHER, 'shell');
    referee.noteAct(agentId, ['stopped']);
    world.shell.stop(agentId);
  }

  private delete(agentId: string, entry: ListedProcess, isWatched: boolean): void {
    const { world, referee, say } = this.context;
    say(`${agentId} pm2 delete`);
    const isSeen = isWatched && !this.mayBeUnknown(agentId, entry);
    referee.allow(agentId, isSeen ? ['stopped'] : EITHER, 'shell');
    referee.noteAct(agentId, ['stopped']);
    world.shell.delete(agentId);
  }

  private startOrRestart(agentId: string, entry: ListedProcess, isWatched: boolean): void {
    const { world, referee, say } = this.context;
    const isSeen = isWatched && !this.mayBeUnknown(agentId, entry);
    referee.allow(agentId, isSeen ? ['running'] : EITHER, 'shell');
    // The first half of a restart is a stop.
    referee.noteAct(agentId, EITHER);
    if (entry.process === null) {
      say(`${agentId} pm2 start`);
      world.shell.start(agentId);
    } else {
      say(`${agentId} pm2 restart`);
      world.shell.restart(agentId);
    }
  }

  /** Returns true if the service may not know of the entry: its launch had no process, or no answer. */
  private mayBeUnknown(agentId: string, entry: ListedProcess): boolean {
    const neverLived = entry.runId !== null && !this.lived.has(entry.runId);
    return neverLived || this.launches.isUnanswered(agentId);
  }
}
