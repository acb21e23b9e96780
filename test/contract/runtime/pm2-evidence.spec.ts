import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, Pm2Runtime, type LaunchPlan } from '../../../src/runtime';
import { makeTestHome, type TestHome } from '../../support/pm2-home';

/** Why a launch led to no process: PM2 itself calls it a success, so the reason is put together from what it logs. */
describe("the evidence of a launch that failed, from PM2's daemon", () => {
  let home: TestHome;
  let runtime: Pm2Runtime;

  beforeAll(async () => {
    home = makeTestHome();
    runtime = new Pm2Runtime({
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
    ['an interpreter that is not there', '#!/does/not/exist\n', 0o755, 'ENOENT'],
    ['no permission', '#!/bin/sh\n', 0o644, 'EACCES'],
  ])('%s is named, and is the agent’s own fault', async (_, content, mode, code) => {
    const program = home.program(`bad-${code}`, content, mode);
    expect(await runtime.launch(plan('bad', program), null)).toEqual({
      ...{ kind: 'failed', reason: 'refused' },
      evidence: `the system could not execute bad-${code}: ${code}`,
    });
  });

  it('a daemon without descriptors is no fault of the agent', async () => {
    const program = home.program('good', '#!/bin/sh\nexec sleep 3600\n');
    const daemon = home.daemonPid() ?? 0;
    const open = readdirSync(`/proc/${daemon}/fd`).length;
    execFileSync('prlimit', ['--pid', String(daemon), `--nofile=${open + 4}:1024`]);
    const outcome = await runtime.launch(plan('good', program), null);
    // On top of that PM2 7.0.4 does not survive it: its daemon ends, which is healed as any loss of the daemon is.
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'resources' });
  });
});
