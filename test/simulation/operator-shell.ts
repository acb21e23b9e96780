import type { Clock, DesiredState } from '../../src/kernel';
import type { ListedProcess } from '../../src/runtime';
import type { FakeWorld } from '../support/fake-world';
import type { Referee } from './referee';

export interface ShellParts {
  readonly world: FakeWorld;
  readonly clock: Clock;
  readonly referee: Referee;
  readonly draw: (below: number) => number;
  readonly say: (line: string) => void;
}

/** Who sees what is done in a shell. */
export interface Audience {
  /** A supervisor lives and is connected. */
  readonly watched: boolean;
  /** Signals may get lost. */
  readonly lossy: boolean;
}

const BOTH: readonly DesiredState[] = ['running', 'stopped'];

/** A person at PM2's command line, who sees what `pm2 ls` shows and acts on it. */
export class OperatorShell {
  /** Runs that came to life. */
  readonly lived = new Set<string>();
  /** A launch whose answer was lost is looked for only then: what is deleted before, nobody has ever seen. */
  readonly unansweredUntil = new Map<string, number>();
  private readonly busy = new Set<string>();

  constructor(private readonly parts: ShellParts) {}

  /** The daemon is gone, and with it what was asked of it. */
  interrupted(): void {
    this.busy.clear();
  }

  /** What was typed is not carried out yet: the daemon may hang. */
  isBusy(agentId: string): boolean {
    return this.busy.has(agentId);
  }

  act(agentId: string, audience: Audience): void {
    const { world, referee, draw } = this.parts;
    if (world.daemon?.frozen !== false || this.busy.has(agentId)) return;
    const entry = world.listed().find((each) => each.agentId === agentId);
    const alive = world.aliveOf(agentId);
    // A process that the shell does not see is none that it could stop or start.
    if (entry === undefined || alive.length > 1 || (alive.length === 1 && entry.process === null)) return;
    referee.askedToEnd(agentId);
    // Its next command meets the list as this one leaves it.
    this.busy.add(agentId);
    const deed = draw(4);
    if (deed < 1.3) this.stop(agentId, audience);
    else if (deed < 2.1) this.delete(agentId, entry, audience);
    else this.startOrRestart(agentId, entry, audience);
    world.ask(() => this.busy.delete(agentId));
  }

  private stop(agentId: string, { watched, lossy }: Audience): void {
    this.parts.say(`${agentId} pm2 stop`);
    this.parts.referee.intend(agentId, lossy && watched ? ['stopped'] : BOTH, 'shell');
    this.parts.world.operatorStops(agentId);
  }

  private delete(agentId: string, entry: ListedProcess, { watched }: Audience): void {
    this.parts.say(`${agentId} pm2 delete`);
    const isSeen = watched && !this.isUnheardOf(agentId, entry);
    this.parts.referee.intend(agentId, isSeen ? ['stopped'] : BOTH, 'shell');
    this.parts.world.operatorDeletes(agentId);
  }

  /** The entry of a launch that never came to life, or was not answered, is none that anybody has heard of for sure. */
  private isUnheardOf(agentId: string, entry: ListedProcess): boolean {
    const neverLived = entry.runId !== null && !this.lived.has(entry.runId);
    return neverLived || this.parts.clock.now() < (this.unansweredUntil.get(agentId) ?? 0);
  }

  private startOrRestart(agentId: string, entry: ListedProcess, { watched }: Audience): void {
    const isSeen = watched && !this.isUnheardOf(agentId, entry);
    this.parts.referee.intend(agentId, isSeen ? ['running'] : BOTH, 'shell');
    if (entry.process === null) {
      this.parts.say(`${agentId} pm2 start`);
      this.parts.world.operatorStarts(agentId);
    } else {
      this.parts.say(`${agentId} pm2 restart`);
      this.parts.world.operatorRestarts(agentId);
    }
  }
}
