import type { GuardedLaunch, GuardedOutcome } from '../../src/healing/launch-guard';
import type { ProcessRuntime } from '../../src/runtime';
import type * as Simulate from './simulate';
import { simulate } from './simulate';

type Simulation = typeof Simulate;

const SEEDS = 2_000;

/** The simulation over production code in which one module has been put out of action. */
function simulationWith(replace: () => void): Simulation {
  let simulation: Simulation | undefined;
  jest.isolateModules(() => {
    replace();
    simulation = jest.requireActual<Simulation>('./simulate');
  });
  jest.dontMock('../../src/healing/mailbox');
  jest.dontMock('../../src/healing/launch-guard');
  jest.dontMock('../support/seeded');
  if (simulation === undefined) throw new Error('the simulation was not loaded');
  return simulation;
}

/** Everything at once, instead of one message at a time. */
class OpenDoor<T> {
  constructor(
    private readonly handle: (message: T) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  post(message: T): void {
    this.handle(message).catch(this.failed);
  }
}

/** Launches without looking first, and believes what it is told. */
class Trusting {
  constructor(private readonly runtime: ProcessRuntime) {}

  async launch({ plan, lastRun, now }: GuardedLaunch): Promise<GuardedOutcome> {
    const outcome = await this.runtime.launch(plan, lastRun?.pmId ?? null);
    if (outcome.kind === 'unknown') return { kind: 'unknown', listedUnder: null };
    if (outcome.kind === 'failed') return { kind: 'fault', fault: { kind: 'unavailable', evidence: outcome.evidence } };
    const { process, pmId, upSince } = outcome;
    const daemon = await this.runtime.connect(false);
    return {
      kind: 'launched',
      run: { runId: plan.runId, process, pmId, upSince, launchedAt: now(), log: null, daemon },
    };
  }
}

const variants: readonly (readonly [string, () => (seed: number) => Promise<Simulate.Outcome>])[] = [
  [
    'the mailbox',
    () => {
      const { simulate: play } = simulationWith(() => {
        jest.doMock('../../src/healing/mailbox', () => ({ Mailbox: OpenDoor }));
      });
      return play;
    },
  ],
  [
    'the launch guard',
    () => {
      const { simulate: play } = simulationWith(() => {
        jest.doMock('../../src/healing/launch-guard', () => ({ LaunchGuard: Trusting }));
      });
      return play;
    },
  ],
  [
    'generations',
    () => {
      const { simulate: play } = simulationWith(() => {
        const actual = jest.requireActual<object>('../support/seeded');
        jest.doMock('../support/seeded', () => ({ ...actual, countedIds: () => () => 'the-same' }));
      });
      return play;
    },
  ],
  ['the periodic list', () => (seed) => simulate(seed, false)],
];

/** Where the search begins: the seeds before were searched once, and none of them fails. */
const FROM: Readonly<Record<string, number>> = {};

describe('the four that prevent doubles and losses together', () => {
  it.each(variants)(
    'without %s a seed fails that passes with it',
    async (name, variant) => {
      const play = variant();
      const from = FROM[name] ?? 1;
      for (let seed = from; seed < from + SEEDS; seed += 1) {
        const { violations } = await play(seed);
        if (violations.length === 0) continue;
        process.stdout.write(`without ${name}: seed ${seed}: ${violations.join('; ')}\n`);
        expect((await simulate(seed)).violations).toEqual([]);
        return;
      }
      throw new Error(`without ${name} none of ${SEEDS} seeds failed`);
    },
    300_000,
  );
});
