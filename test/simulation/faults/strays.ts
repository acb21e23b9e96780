import type { Random } from '../../../src/kernel';
import type { FakeProcess } from '../../support/fake-process';
import { seededRandom } from '../../support/seeded';
import type { SimulationContext } from '../simulation-context';
import { LONGEST_UNKILLABLE_MS, type AgentFaults } from './agent-faults';

/** Seeds 8, 18, 28 and so on have strays. */
const PERIOD = 10;
const FIRST = 8;
/** Share of the steps that make a stray, or doom the next launch of an agent to become one. */
const SHARE = 0.3;

interface Parts {
  readonly agentFaults: AgentFaults;
  readonly killDaemon: () => void;
  readonly killService: () => void;
}

/**
 * Makes strays, which are processes of agents without an entry in PM2's list: descendants that outlive their run, and
 * launches whose daemon dies before it answers. Some of them ignore every signal for a while.
 *
 * Draws from a random stream of its own, so that seeds without strays do not depend on it.
 */
export class Strays {
  private readonly random: Random;
  private readonly isOn: boolean;
  /** Agents whose next launch ends with the death of the daemon. */
  private readonly doomed = new Set<string>();

  constructor(
    private readonly context: SimulationContext,
    private readonly parts: Parts,
  ) {
    this.random = seededRandom(context.seed + 2_000_003);
    this.isOn = context.seed % PERIOD === FIRST;
  }

  /** Affects at most one agent. Called once a step. */
  act(): void {
    if (!this.isOn || this.random() >= SHARE) return;
    const { agents, say } = this.context;
    const agentId = agents[Math.floor(this.random() * agents.length)] ?? 'a';
    if (this.random() < 0.5) this.leaveBehind(agentId);
    else {
      say(`${agentId} next launch: the daemon dies before it answers`);
      this.doomed.add(agentId);
    }
  }

  /** Returns true for a launch whose answer is lost, because the daemon dies before it is sent. */
  takesAnswer(agentId: string): boolean {
    if (!this.doomed.delete(agentId)) return false;
    this.context.clock.after(0, () => {
      const process = this.context.world.aliveOf(agentId).at(-1);
      if (process !== undefined) this.resistKills(process);
      this.parts.killDaemon();
      if (this.random() < 0.5) this.parts.killService();
    });
    return true;
  }

  /** Dooms no launch from now on. */
  end(): void {
    this.doomed.clear();
  }

  /** Kills the leader of a run and leaves a descendant. */
  private leaveBehind(agentId: string): void {
    const { world, say, referee } = this.context;
    const [process] = world.aliveOf(agentId);
    if (process === undefined) return;
    const child = world.leaveBehind(process);
    say(`${agentId} pid ${child.pid} is left behind by pid ${process.pid}`);
    this.resistKills(child);
    referee.excuseLostTraces([agentId]);
    world.crash(process.pid, { exitCode: 0, signal: 'SIGKILL' });
  }

  private resistKills(process: FakeProcess): void {
    if (this.random() < 0.5) return;
    this.parts.agentFaults.makeUnkillable(process, this.random() * LONGEST_UNKILLABLE_MS);
  }
}
