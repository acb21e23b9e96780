import type { LaunchFate } from '../../support/world-faults';
import type { SimulationContext } from '../simulation-context';

/** Longer than the service looks for a launch without an answer in PM2's lists. */
const UNANSWERED_MS = 6_000;

const FATES: readonly LaunchFate[] = [
  'refused',
  'resources',
  'exits-at-once',
  'exits-at-once',
  'answer-lost',
  'request-lost',
];

type Context = Pick<SimulationContext, 'activeTime' | 'draw' | 'say'>;

/** Decides the outcome of each launch. A launch works unless a fault was drawn for the agent. */
export class LaunchFates {
  private readonly next = new Map<string, LaunchFate>();
  /** By agent, the end of the active time in which a launch whose answer was lost may still be unknown. */
  private readonly unansweredUntil = new Map<string, number>();

  constructor(private readonly context: Context) {}

  /** Draws a fault for the next launch of the agent. */
  choose(agentId: string): void {
    const { draw, say } = this.context;
    const fate = FATES[Math.floor(draw(FATES.length))] ?? 'refused';
    say(`${agentId} next launch: ${fate}`);
    this.next.set(agentId, fate);
  }

  /** Returns the outcome of the launch that happens now. */
  take(agentId: string): LaunchFate {
    const fate = this.next.get(agentId) ?? 'works';
    this.next.delete(agentId);
    return fate === 'answer-lost' ? this.loseAnswer(agentId) : fate;
  }

  loseAnswer(agentId: string): LaunchFate {
    this.unansweredUntil.set(agentId, this.context.activeTime.now() + UNANSWERED_MS);
    return 'answer-lost';
  }

  /** Returns true while the service may not know of a launch yet. What an operator does to its entry may go unseen. */
  isUnanswered(agentId: string): boolean {
    return this.context.activeTime.now() < (this.unansweredUntil.get(agentId) ?? 0);
  }

  /** Lets every launch work from now on. */
  end(): void {
    this.next.clear();
  }
}
