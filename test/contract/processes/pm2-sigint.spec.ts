import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import {
  LinuxProcessInspector,
  mintAgentToken,
  Pm2ProcessManager,
  type ProcessManagerSignal,
} from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

type Exited = Extract<ProcessManagerSignal, { kind: 'exited' }>;

const READY = 'x.ready';
const PROGRAMS = {
  python: {
    interpreter: 'python3',
    sleeps: `import time; open('${READY}', 'w').close()\nwhile True: time.sleep(1)\n`,
    ends: (code: number) => `import sys; sys.exit(${code})\n`,
  },
  node: {
    interpreter: process.execPath,
    sleeps: `require('node:fs').writeFileSync('${READY}', ''); setInterval(() => {}, 1000);\n`,
    ends: (code: number) => `process.exit(${code});\n`,
  },
};

/** PM2 logs `code [0] via signal [SIGINT]` for a clean exit and for a death by SIGINT. */
describe.each(['python', 'node'] as const)('an agent in %s', (language) => {
  const key = randomBytes(32);
  const { interpreter, sleeps, ends } = PROGRAMS[language];
  let home: TestHome;
  let runtime: Pm2ProcessManager;
  let heard: ProcessManagerSignal[];
  let foreign: ChildProcess | null;

  beforeEach(() => {
    home = makeTestHome();
    heard = [];
    foreign = null;
    const inspector = new LinuxProcessInspector();
    runtime = new Pm2ProcessManager({ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key });
    runtime.onSignal((signal) => heard.push(signal));
  });
  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  async function launch(content: string) {
    const runId = randomUUID();
    const outcome = await runtime.launch(
      {
        ...{ agentId: 'one', runId, cwd: home.agentsDir, killTimeoutMs: 1_000 },
        ...{ program: interpreter, args: [home.program('agent', content)] },
        env: {
          ...{ PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x') },
          AGENT_TOKEN: mintAgentToken({ agentId: 'one', runId }, key),
        },
      },
      null,
    );
    if (outcome.kind !== 'launched') throw new Error(JSON.stringify(outcome));
    return outcome.process;
  }

  const exit = () =>
    until(() => heard.find((signal): signal is Exited => signal.kind === 'exited'), 'the agent has exited');

  async function interrupt(): Promise<Exited> {
    const { pid } = await launch(sleeps);
    await until(() => existsSync(path.join(home.agentsDir, READY)), 'the agent is ready');
    process.kill(pid, 'SIGINT');
    return exit();
  }

  it('is reported as killed by SIGINT under a daemon that the supervisor started', async () => {
    await runtime.connect(true);
    expect(await interrupt()).toMatchObject({ signal: 'SIGINT', ordered: false });
  });

  it.each([0, 3])('is reported with the exit code %d of its own', async (code) => {
    await runtime.connect(true);
    await launch(ends(code));
    expect(await exit()).toMatchObject({ exitCode: code, signal: null, ordered: false });
  });

  it('looks like a clean exit after SIGINT under a daemon that a shell started', async () => {
    for (const folder of ['logs', 'pids']) mkdirSync(path.join(home.pm2Home, folder));
    foreign = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, SILENT: 'true' },
    });
    await once(foreign, 'message');
    foreign.disconnect();
    await runtime.connect(false);
    expect(await interrupt()).toMatchObject({ exitCode: 0, signal: null });
  });
});
