import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, mintAgentToken, Pm2ProcessManager } from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';

/** Runs a function after the daemon's list was received and before the process table is read. */
class LateLook extends LinuxProcessInspector {
  between: (() => void) | null = null;
  private looks = 0;

  override children(pid: number): number[] {
    this.looks += 1;
    if (this.between !== null && this.looks === 2) this.between();
    return super.children(pid);
  }

  arm(between: () => void): void {
    this.looks = 0;
    this.between = between;
  }
}

describe('a list that is older than the scan of the process table', () => {
  const inspector = new LateLook();
  const key = randomBytes(32);
  let home: TestHome;
  let runtime: Pm2ProcessManager;

  beforeEach(async () => {
    home = makeTestHome();
    runtime = new Pm2ProcessManager({ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key });
    await runtime.connect(true);
    await runtime.snapshot(true);
  });
  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  it('reports a process that a shell just started as new, not as an orphan', async () => {
    const runId = randomUUID();
    const env = { AGENT_ID: 'one', AGENT_RUN_ID: runId, AGENT_TOKEN: mintAgentToken({ agentId: 'one', runId }, key) };
    const launched = await runtime.launch(
      {
        ...{ agentId: 'one', runId, args: [], cwd: home.agentsDir, killTimeoutMs: 1_000 },
        program: home.program('sleeps', '#!/bin/sh\nexec sleep 3600\n'),
        env: { PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x'), ...env },
      },
      null,
    );
    if (launched.kind !== 'launched') throw new Error(JSON.stringify(launched));
    inspector.arm(() => home.pm2('restart', 'one'));
    const late = await runtime.snapshot(false);
    expect(late.listed).toMatchObject([{ agentId: 'one', process: launched.process }]);
    expect(late.unlisted).toMatchObject([{ agentId: 'one', runId, leader: true, isNew: true }]);
    inspector.between = null;
    const next = await runtime.snapshot(false);
    expect(next.unlisted).toEqual([]);
    expect(next.listed[0]?.process).toEqual(late.unlisted[0]?.process);
  });
});
