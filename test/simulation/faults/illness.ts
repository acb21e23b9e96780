import { CANARY_AFTER_MS } from '../../../src/healing/machine/fleet';
import type { FakeProcess } from '../../support/fake-process';
import { isChecked } from '../service/agent-traits';
import type { SimulationContext } from '../simulation-context';

/** Duration of an outage that makes many health checks fail. */
const OUTAGE_MS = 75_000;
/** Duration of an outage in which one canary is restarted in vain, and a second one is not due yet. */
const LONG_OUTAGE_MS = CANARY_AFTER_MS + 10 * 60_000;
/** Shorter than the interval of the health checks, so that at most one fails. */
const BLIP_MS = 8_000;

type Context = Pick<SimulationContext, 'world' | 'clock' | 'say'>;

/** Makes live processes fail their health checks: one process that hangs, or all while a dependency is away. */
export class Illness {
  /** Time until which a process does not answer; Infinity: forever. */
  private readonly hungUntil = new Map<FakeProcess, number>();
  private isDependencyAway = false;
  private isOutageLong = false;

  constructor(private readonly context: Context) {}

  /** Returns true if the process answers its health check. */
  answers(pid: number): boolean {
    const { world, clock } = this.context;
    const process = world.processes.get(pid);
    return process !== undefined && !this.isDependencyAway && clock.now() >= (this.hungUntil.get(process) ?? 0);
  }

  /** Returns true if the process sends heartbeats. It does so during an outage or a slow answer, but not if it hangs. */
  beats(pid: number): boolean {
    const process = this.context.world.processes.get(pid);
    return process !== undefined && !this.hangsForever(process);
  }

  /** Returns true if killing the process is healing: it hangs forever, or may be the canary of a long outage. */
  isUnwell(process: FakeProcess): boolean {
    return this.hangsForever(process) || this.isOutageLong;
  }

  /** Makes an agent hang: forever, or for a moment that must not matter. */
  strike(agentId: string, how: 'hang' | 'blip'): void {
    const { world, clock, say } = this.context;
    const [process] = world.aliveOf(agentId);
    if (process === undefined || this.hungUntil.has(process) || !isChecked(agentId)) return;
    say(`${agentId} pid ${process.pid} does not answer${how === 'hang' ? ' any more' : ' for a moment'}`);
    this.hungUntil.set(process, how === 'hang' ? Infinity : clock.now() + BLIP_MS);
  }

  /**
   * Plays an outage with one cause outside the agents, too short for a canary. None of them may be killed.
   *
   * @returns the agents that were killed all the same
   */
  outage(agentIds: readonly string[]): Promise<string[]> {
    return this.killedInOutage(agentIds, OUTAGE_MS);
  }

  /**
   * Plays an outage that no restart cures, long enough for one canary. Only that agent may be killed.
   *
   * @returns the agents that were killed besides the canary
   */
  async longOutage(agentIds: readonly string[]): Promise<string[]> {
    this.isOutageLong = true;
    const [, ...others] = await this.killedInOutage(agentIds, LONG_OUTAGE_MS);
    this.isOutageLong = false;
    return others;
  }

  private async killedInOutage(agentIds: readonly string[], forMs: number): Promise<string[]> {
    const { world, clock, say } = this.context;
    await clock.advance(2 * OUTAGE_MS);
    say('-- a dependency of all agents goes away');
    const before = agentIds.flatMap((agentId) => world.aliveOf(agentId));
    this.isDependencyAway = true;
    await clock.advance(forMs);
    this.isDependencyAway = false;
    await clock.advance(OUTAGE_MS);
    const isAlive = ({ agentId, pid }: FakeProcess) => world.aliveOf(agentId).some((process) => process.pid === pid);
    return before.filter((process) => !isAlive(process)).map(({ agentId }) => agentId);
  }

  private hangsForever(process: FakeProcess): boolean {
    return this.hungUntil.get(process) === Infinity;
  }
}
