import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, mintAgentToken, Pm2ProcessManager } from '../../../src/processes';
import { makeTestHome, type TestHome } from '../../support/pm2-home';

/** PM2's pid file outlives its daemon, and the system may reuse the pid. */
describe('a process with the pid of an exited daemon', () => {
  const key = randomBytes(32);
  const mark = { agentId: 'one', runId: randomUUID() };
  const inspector = new LinuxProcessInspector();
  let home: TestHome;
  let runtime: Pm2ProcessManager;
  let child: ChildProcess;

  beforeEach(() => {
    home = makeTestHome();
    runtime = new Pm2ProcessManager({ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key });
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await runtime.close();
    await home.destroy();
  });

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    child = spawn('/bin/sleep', ['3600'], { env: { AGENT_TOKEN: mintAgentToken(mark, key), ...env } });
    await once(child, 'spawn');
    writeFileSync(path.join(home.pm2Home, 'pm2.pid'), String(child.pid));
  }

  const terminate = () => runtime.terminate({ agentId: 'one', runId: null, process: null }, 1_000);

  it('is killed if it is an agent', async () => {
    await start({ TEST_ROOT: path.join(home.root, 'x') });
    expect(await terminate()).toEqual({ kind: 'gone' });
    expect(inspector.facts(child.pid ?? 0)).toBeNull();
  });

  it('is spared if it is a daemon, even one that was started in the shell of an agent', async () => {
    await start({ PM2_HOME: home.pm2Home });
    expect(await terminate()).toEqual({ kind: 'gone' });
    expect(inspector.facts(child.pid ?? 0)).not.toBeNull();
  });
});
