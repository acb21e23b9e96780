import { FakeClock } from '../../support/fake-clock';
import { FakeProcessManager } from '../../support/fake-process-manager';
import { FakeWorld } from '../../support/fake-world';
import { countedIds, seededRandom } from '../../support/seeded';
import { describeProcessManagerContract } from './process-manager-contract';
import type { ProcessManagerHarness } from './process-manager-harness';

const STEP_MS = 10;
const LONGEST_MS = 30_000;

function make(): Promise<ProcessManagerHarness> {
  const clock = new FakeClock();
  const world = new FakeWorld(clock, seededRandom(1));
  const runtime = new FakeProcessManager(world, clock);
  const newId = countedIds();

  async function until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
    for (let waited = 0; waited <= LONGEST_MS; waited += STEP_MS) {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      await clock.advance(STEP_MS);
    }
    throw new Error(`timed out waiting until ${what}`);
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

  const commands = {
    stop: (agentId: string) => {
      world.shell.stop(agentId);
    },
    start: (agentId: string) => {
      world.shell.start(agentId);
    },
    restart: (agentId: string) => {
      world.shell.restart(agentId);
    },
    delete: (agentId: string) => {
      world.shell.delete(agentId);
    },
    kill: () => {
      world.shell.killDaemon();
    },
  };
  return Promise.resolve({
    runtime,
    until,
    settle,
    plan: (agentId, program) => ({
      ...{
        agentId,
        runId: newId(),
        program: `/agents/${program}`,
        args: [],
        cwd: '/agents',
        env: {},
      },
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
    operator: async (command, agentId) => {
      // A shell takes some time, so that no two incarnations start in the same millisecond.
      await clock.advance(STEP_MS);
      commands[command](agentId);
      await clock.advance(STEP_MS * 10);
    },
    destroy: () => runtime.close(),
  });
}

describeProcessManagerContract('the fake', make);
