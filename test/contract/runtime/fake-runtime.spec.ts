import { FakeClock } from '../../support/fake-clock';
import { FakeRuntime } from '../../support/fake-runtime';
import { FakeWorld } from '../../support/fake-world';
import { countedIds, seededRandom } from '../../support/seeded';
import { describeRuntimeContract, type RuntimeHarness } from './runtime-contract';

const STEP_MS = 10;
const LONGEST_MS = 30_000;

function make(): Promise<RuntimeHarness> {
  const clock = new FakeClock();
  const world = new FakeWorld(clock, seededRandom(1));
  const runtime = new FakeRuntime(world, clock);
  const newId = countedIds();

  async function until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
    for (let waited = 0; waited <= LONGEST_MS; waited += STEP_MS) {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      await clock.advance(STEP_MS);
    }
    throw new Error(`in vain until ${what}`);
  }

  async function settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = () => {
      settled = true;
    };
    promise.then(note, note);
    await until(() => settled, 'a promise settles');
    return promise;
  }

  const deeds = {
    stop: (agentId: string) => {
      world.operatorStops(agentId);
    },
    start: (agentId: string) => {
      world.operatorStarts(agentId);
    },
    restart: (agentId: string) => {
      world.operatorRestarts(agentId);
    },
    delete: (agentId: string) => {
      world.operatorDeletes(agentId);
    },
    kill: () => {
      world.operatorKillsDaemon(false);
    },
  };
  return Promise.resolve({
    runtime,
    until,
    settle,
    plan: (agentId, program) => ({
      ...{ agentId, runId: newId(), program: `/agents/${program}`, args: [], cwd: '/agents', env: {} },
      killTimeoutMs: 1_000,
    }),
    kill: ({ pid }) => {
      world.crash(pid, { exitCode: 0, signal: 'SIGKILL' });
    },
    killDaemon: () => {
      world.killDaemon();
    },
    freezeDaemon: (frozen) => {
      world.freezeDaemon(frozen);
    },
    operator: async (deed, agentId) => {
      // A shell takes its time, so that no two incarnations begin in one millisecond.
      await clock.advance(STEP_MS);
      deeds[deed](agentId);
      await clock.advance(STEP_MS * 10);
    },
    destroy: () => runtime.close(),
  });
}

describeRuntimeContract('the fake', make);
