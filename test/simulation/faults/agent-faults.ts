import type { FakeProcess } from '../../support/fake-process';
import type { SimulationContext } from '../simulation-context';

export const LONGEST_UNKILLABLE_MS = 20_000;

type Context = Pick<SimulationContext, 'world' | 'referee' | 'random' | 'draw' | 'say'>;

/** Makes processes of agents crash, or ignore signals. */
export class AgentFaults {
  constructor(private readonly context: Context) {}

  /** Crashes the agent with exit code 1, or as if killed by SIGKILL. */
  crash(agentId: string): void {
    const { world, referee, random } = this.context;
    const [process] = world.aliveOf(agentId);
    if (process === undefined) return;
    referee.excuseLostTraces([agentId]);
    world.crash(process.pid, random() < 0.5 ? { exitCode: 1, signal: null } : { exitCode: 0, signal: 'SIGKILL' });
  }

  /** Makes the agent ignore every signal for up to {@link LONGEST_UNKILLABLE_MS}. */
  resistKills(agentId: string): void {
    const [process] = this.context.world.aliveOf(agentId);
    if (process !== undefined) this.makeUnkillable(process, this.context.draw(LONGEST_UNKILLABLE_MS));
  }

  makeUnkillable(process: FakeProcess, forMs: number): void {
    this.context.say(`${process.agentId} pid ${process.pid} cannot be killed for ${Math.round(forMs)} ms`);
    this.context.world.makeUnkillable(process, forMs);
  }
}
