import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, Pm2ProcessManager, resolveCommand } from '../../../src/processes';
import { buildPrepareRequest } from '../../../src/processes/pm2/pm2-launcher';
import { RpcClient } from '../../../src/processes/pm2/rpc-client';
import { definitionOf } from '../../support/definitions';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

/** An agent that runs a tool written in Node, as many do, and reports the outcome. */
const RUNS_A_NODE_TOOL = `
import json, os, subprocess, sys, time
tool = subprocess.run([sys.argv[1], '-e', ''], capture_output=True)
shell = subprocess.run(sys.argv[1] + ' -e ""', shell=True)
with open('said.draft', 'w') as file:
    json.dump({'tool': tool.returncode, 'shell': shell.returncode, 'channel': os.environ.get('NODE_CHANNEL_FD')}, file)
os.rename('said.draft', 'said')
time.sleep(3600)
`;

const SAYS_WHETHER_IT_HAS_A_CHANNEL = `
require('node:fs').writeFileSync('said.draft', JSON.stringify({ channel: process.connected }));
require('node:fs').renameSync('said.draft', 'said');
setInterval(() => {}, 1000);
`;

describe("PM2's IPC channel", () => {
  const inspector = new LinuxProcessInspector();
  let home: TestHome;
  let runtime: Pm2ProcessManager;

  beforeEach(async () => {
    home = makeTestHome();
    runtime = new Pm2ProcessManager({
      pm2Home: home.pm2Home,
      clock: new SystemClock(),
      inspector,
      key: randomBytes(32),
    });
    await runtime.connect(true);
  });
  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  function planOf(entryPoint: string) {
    const command = resolveCommand(definitionOf({ entryPoint, args: [process.execPath] }), {
      ...{ agentsDir: home.agentsDir, interpreters: ['python3', 'node'], path: '/usr/local/bin:/usr/bin:/bin' },
    });
    const env = { PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x') };
    return { agentId: 'one', runId: randomUUID(), ...command, env, killTimeoutMs: 1_000 };
  }

  async function launch(entryPoint: string) {
    const plan = planOf(entryPoint);
    const outcome = await runtime.launch(plan, null);
    if (outcome.kind !== 'launched') throw new Error(JSON.stringify(outcome));
    return { ...outcome, plan };
  }

  const said = () =>
    until(() => {
      try {
        return JSON.parse(readFileSync(path.join(home.agentsDir, 'said'), 'utf8')) as object;
      } catch {
        return null;
      }
    }, 'the agent has reported');

  it('does not make the Node tools of an agent in Python abort', async () => {
    home.program('agent.py', RUNS_A_NODE_TOOL);
    const { process, plan } = await launch('agent.py');
    expect(await said()).toEqual({ tool: 0, shell: 0, channel: null });
    // The program has replaced env: same pid, same start time.
    expect(inspector.facts(process.pid)?.startTime).toBe(process.startTime);
    const commandLine = readFileSync(`/proc/${process.pid}/cmdline`, 'utf8').split('\0');
    expect(commandLine.slice(0, 2)).toEqual([plan.program, '-u']);
  });

  it('would make them abort if its variables were kept', async () => {
    home.program('agent.py', RUNS_A_NODE_TOOL);
    const limit = { clock: new SystemClock(), timeoutMs: 3_000 };
    const rpc = await RpcClient.connect(path.join(home.pm2Home, 'rpc.sock'), limit, () => undefined);
    await rpc.call('prepare', buildPrepareRequest(planOf('agent.py'), home.pm2Home, null, Date.now()));
    rpc.close();
    expect(await said()).toMatchObject({ tool: -constants.signals.SIGABRT, channel: '3' });
  });

  it('is open for an agent in Node', async () => {
    home.program('agent.js', SAYS_WHETHER_IT_HAS_A_CHANNEL);
    await launch('agent.js');
    expect(await said()).toEqual({ channel: true });
  });

  it("does not hide the program in PM2's list", async () => {
    home.program('agent.py', RUNS_A_NODE_TOOL);
    const { plan } = await launch('agent.py');
    const shown = home.pm2('describe', 'one');
    expect(shown).toContain(plan.program);
    expect(shown).toContain('agent.py');
  });
});
