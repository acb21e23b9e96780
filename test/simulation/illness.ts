import type { FakeClock } from '../support/fake-clock';
import type { FakeProcess, FakeWorld } from '../support/fake-world';
import { isChecked } from './fake-health';

/** A dependency of all agents is away for so long: many failed checks. */
const OUTAGE_MS = 75_000;
/** Shorter than the time between two checks: at most one fails. */
const BLIP_MS = 8_000;

/** What lives and does not answer its health check. */
export class Illness {
  private readonly hungUntil = new Map<FakeProcess, number>();
  private isDependencyAway = false;

  constructor(
    private readonly world: FakeWorld,
    private readonly clock: FakeClock,
    private readonly say: (line: string) => void,
  ) {}

  answers(pid: number): boolean {
    const process = this.world.processes.get(pid);
    return process !== undefined && !this.isDependencyAway && this.clock.now() >= (this.hungUntil.get(process) ?? 0);
  }

  /** Its end is healing. */
  isForEver(process: FakeProcess): boolean {
    return this.hungUntil.get(process) === Infinity;
  }

  /** For ever, or for a moment that must do no harm. */
  strike(agentId: string, how: 'hang' | 'blip'): void {
    const [process] = this.world.aliveOf(agentId);
    if (process === undefined || this.hungUntil.has(process) || !isChecked(agentId)) return;
    this.say(`${agentId} pid ${process.pid} does not answer${how === 'hang' ? ' any more' : ' for a moment'}`);
    this.hungUntil.set(process, how === 'hang' ? Infinity : this.clock.now() + BLIP_MS);
  }

  /**
   * One cause, many agents, and nothing else happens: none of them is at fault.
   *
   * @returns those that were ended all the same
   */
  async outage(agentIds: readonly string[]): Promise<string[]> {
    await this.clock.advance(2 * OUTAGE_MS);
    this.say('-- a dependency of all agents goes away');
    const before = agentIds.flatMap((agentId) => this.world.aliveOf(agentId));
    this.isDependencyAway = true;
    await this.clock.advance(OUTAGE_MS);
    this.isDependencyAway = false;
    await this.clock.advance(OUTAGE_MS);
    const ended = before.filter(
      ({ agentId, pid }) => !this.world.aliveOf(agentId).some((process) => process.pid === pid),
    );
    return ended.map(({ agentId }) => agentId);
  }
}
