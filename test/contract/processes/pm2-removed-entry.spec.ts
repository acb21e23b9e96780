import { randomBytes, randomUUID } from 'node:crypto';
import { SystemClock } from '../../../src/config';
import { entryRefOf, LinuxProcessInspector, mintAgentToken, Pm2ProcessManager } from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';

const AGENTS = ['a', 'b', 'c', 'd'];
const ROUNDS = 8;

describe('deleting the entries of agents right after their kill', () => {
  const key = randomBytes(32);
  let home: TestHome;
  let runtime: Pm2ProcessManager;

  beforeEach(() => {
    home = makeTestHome();
    const inspector = new LinuxProcessInspector();
    runtime = new Pm2ProcessManager({ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key });
  });
  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  async function launch(agentId: string) {
    const runId = randomUUID();
    const outcome = await runtime.launch(
      {
        ...{ agentId, runId, cwd: home.agentsDir, killTimeoutMs: 1_000 },
        ...{ program: 'python3', args: [home.program('agent', 'import time\nwhile True: time.sleep(1)\n')] },
        env: { PATH: process.env.PATH ?? '', AGENT_TOKEN: mintAgentToken({ agentId, runId }, key) },
      },
      null,
    );
    if (outcome.kind !== 'launched') throw new Error(JSON.stringify(outcome));
  }

  it('removes every entry from the list', async () => {
    await runtime.connect(true);
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(AGENTS.map(launch));
      const { listed, daemon } = await runtime.snapshot(true);
      await Promise.all(
        listed.map(async (entry) => {
          await runtime.terminate({ agentId: entry.agentId, runId: null, process: entry.process }, 1_000);
          await runtime.deleteEntry(entryRefOf(daemon, entry));
        }),
      );
      expect(await runtime.otherEntries()).toEqual([]);
    }
  });
});
