import { diagnosisOf, type Diagnosis, type Random } from '../../../src/kernel';
import type { FakeProcess } from '../../support/fake-process';
import { seededRandom } from '../../support/seeded';
import type { SimulationContext } from '../simulation-context';

/** Seeds 4, 14, 24 and so on have agents that fail by causes that no restart cures. */
const PERIOD = 10;
const FIRST = 4;
/** Share of the steps in which such a cause strikes an agent. */
const SHARE = 0.3;
/** Longest series of runs that one cause ends. */
const LONGEST_SERIES = 3;
const LONGEST_LIFE_MS = 3_000;

const CAUSES: readonly Diagnosis[] = [
  diagnosisOf('configuration', 'a setting is missing'),
  diagnosisOf('configuration', 'a setting may be missing', { certainty: 'likely' }),
  diagnosisOf('credentials', 'a key may be refused', { certainty: 'likely' }),
];

/**
 * Makes agents exit by causes that no restart cures, some of them only likely: one run, or several in a row. What the
 * run wrote to its log names the cause.
 *
 * Draws from a random stream of its own, so that the other seeds do not depend on it.
 */
export class FatalCauses {
  private readonly random: Random;
  private readonly isOn: boolean;
  /** By agent, the cause that ends its next runs, and their number. */
  private readonly struck = new Map<string, { readonly cause: Diagnosis; left: number }>();
  /** By run, the cause that its log names. */
  private readonly logged = new Map<string, Diagnosis>();

  constructor(private readonly context: SimulationContext) {
    this.random = seededRandom(context.seed + 3_000_017);
    this.isOn = context.seed % PERIOD === FIRST;
  }

  /** Strikes at most one agent. Called once a step. */
  act(): void {
    if (!this.isOn || this.random() >= SHARE) return;
    const { agents, say, world } = this.context;
    const agentId = agents[Math.floor(this.random() * agents.length)] ?? 'a';
    const cause = CAUSES[Math.floor(this.random() * CAUSES.length)] ?? diagnosisOf('configuration', 'x');
    const left = 1 + Math.floor(this.random() * LONGEST_SERIES);
    say(`${agentId} next ${left} runs: exit by ${cause.cause} (${cause.certainty})`);
    this.struck.set(agentId, { cause, left });
    const [process] = world.aliveOf(agentId);
    if (process !== undefined) this.fail(process);
  }

  /** Returns the cause that the log of a run names; null: none. */
  causeOf(runId: string): Diagnosis | null {
    return this.logged.get(runId) ?? null;
  }

  onBirth(process: FakeProcess): void {
    // The log of a process that a shell restarted begins after the exit of the one before.
    this.logged.delete(process.runId);
    if (!this.struck.has(process.agentId)) return;
    this.context.clock.after(this.random() * LONGEST_LIFE_MS, () => {
      this.fail(process);
    });
  }

  /** Lets no run exit from now on. */
  end(): void {
    this.struck.clear();
  }

  private fail(process: FakeProcess): void {
    const { agentId, pid, runId } = process;
    const { world, referee } = this.context;
    const struck = this.struck.get(agentId);
    if (struck === undefined || world.processes.get(pid) !== process) return;
    struck.left -= 1;
    if (struck.left === 0) this.struck.delete(agentId);
    this.logged.set(runId, struck.cause);
    referee.excuseLostTraces([agentId]);
    world.crash(pid, { exitCode: 1, signal: null });
  }
}
