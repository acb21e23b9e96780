import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, Pm2ProcessManager, type LaunchPlan } from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';

/** PM2 calls a launch without a process a success, so the adapter derives the reason from the daemon's log. */
describe('the evidence of a failed launch', () => {
  let home: TestHome;
  let runtime: Pm2ProcessManager;

  beforeAll(async () => {
    home = makeTestHome();
    runtime = new Pm2ProcessManager({
      ...{
        pm2Home: home.pm2Home,
        clock: new SystemClock(),
        inspector: new LinuxProcessInspector(),
        key: Buffer.alloc(32),
      },
    });
    await runtime.connect(true);
  });

  afterAll(async () => {
    await runtime.close();
    await home.destroy();
  });

  const plan = (agentId: string, program: string): LaunchPlan => ({
    ...{
      agentId,
      runId: agentId,
      program,
      args: [],
      cwd: home.agentsDir,
      env: { ROOT: home.root },
      killTimeoutMs: 1_000,
    },
  });

  it.each([
    ['a missing interpreter', '#!/does/not/exist\n', 0o755, 'ENOENT'],
    ['a missing permission', '#!/bin/sh\n', 0o644, 'EACCES'],
  ])('names %s as the fault of the agent', async (_, content, mode, code) => {
    const program = home.program(`bad-${code}`, content, mode);
    expect(await runtime.launch(plan('bad', program), null)).toEqual({
      ...{ kind: 'failed', reason: 'refused' },
      evidence: `the system could not execute bad-${code}: ${code}`,
    });
  });

  it('names a lack of descriptors in the daemon as a lack of resources', async () => {
    const program = home.program('good', '#!/bin/sh\nexec sleep 3600\n');
    const daemon = home.daemonPid() ?? 0;
    const open = readdirSync(`/proc/${daemon}/fd`).length;
    execFileSync('prlimit', ['--pid', String(daemon), `--nofile=${open + 4}:1024`]);
    const outcome = await runtime.launch(plan('good', program), null);
    // The daemon of PM2 7.0.4 then exits. Healing recovers from that as from any loss of the daemon.
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'resources' });
  });
});
