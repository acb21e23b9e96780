import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, mintAgentToken, Pm2ProcessManager } from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

/** Adopts the daemon's orphans, like a slow init, and never reaps them. */
const NEVER_REAPS = `
import ctypes, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.Popen(sys.argv[1:])
time.sleep(3600)
`;

describe('a stop in a shell', () => {
  const key = randomBytes(32);
  let home: TestHome;
  let runtime: Pm2ProcessManager;
  let init: ChildProcess;

  beforeEach(async () => {
    home = makeTestHome();
    for (const folder of ['logs', 'pids']) mkdirSync(path.join(home.pm2Home, folder));
    const log = openSync(path.join(home.pm2Home, 'pm2.log'), 'a');
    init = spawn('python3', ['-c', NEVER_REAPS, process.execPath, require.resolve('pm2/lib/Daemon.js')], {
      stdio: ['ignore', log, log],
      env: { PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, SILENT: 'true' },
    });
    closeSync(log);
    runtime = new Pm2ProcessManager({
      ...{ pm2Home: home.pm2Home, clock: new SystemClock(), inspector: new LinuxProcessInspector(), key },
    });
    await until(() => home.daemonPid() !== null, 'the daemon listens');
    await runtime.connect(false);
  });
  afterEach(async () => {
    await runtime.close();
    await home.destroy();
    init.kill('SIGKILL');
  });

  it('is an ordered exit even if PM2 reports an error because zombies are not reaped', async () => {
    const runId = randomUUID();
    const env = { AGENT_ID: 'one', AGENT_RUN_ID: runId, AGENT_TOKEN: mintAgentToken({ agentId: 'one', runId }, key) };
    const program = home.program('parent', '#!/bin/sh\nsleep 3600 &\nwait\n');
    const plan = {
      ...{ agentId: 'one', runId, program, args: [], cwd: home.agentsDir },
      killTimeoutMs: 300,
    };
    const root = { PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x') };
    const launched = await runtime.launch({ ...plan, env: { ...root, ...env } }, null);
    expect(launched.kind).toBe('launched');
    home.pm2('stop', 'one');
    const { listed } = await runtime.snapshot(true);
    expect(listed).toMatchObject([{ agentId: 'one', state: 'errored', process: null, wasEndOrdered: true }]);
  });
});
