import { spawn } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, Pm2ProcessManager, type ProcessManagerSignal } from '../../../src/processes';
import { DaemonSocket } from '../../../src/processes/pm2/daemon-socket';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { startDaemon } from '../../support/raw-pm2';
import { until } from '../../support/until';

/** PM2 allows two daemons for one home: a shell that finds none starts one, and so does the supervisor. */
describe('with two daemons for one home, the supervisor', () => {
  const inspector = new LinuxProcessInspector();
  let home: TestHome;
  let runtime: Pm2ProcessManager;

  beforeEach(() => {
    home = makeTestHome();
    const clock = new SystemClock();
    runtime = new Pm2ProcessManager({ pm2Home: home.pm2Home, clock, inspector, key: Buffer.alloc(32, 1) });
  });

  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  const findAnsweringPid = () => new DaemonSocket(home.pm2Home, inspector).findAnsweringPid();
  const daemons = () =>
    inspector.all().filter(({ pid }) => inspector.environment(pid)?.get('PM2_HOME') === home.pm2Home).length;

  /** Starts a second daemon, like a shell that did not notice the first. */
  async function startAnother(): Promise<number> {
    const child = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, SILENT: 'true' },
    });
    child.unref();
    await until(() => home.pidInFile() === child.pid, 'the second daemon has written its pid');
    child.disconnect();
    return child.pid ?? 0;
  }

  it('connects to the one that listens, and writes its pid to the file', async () => {
    await startDaemon(home.pm2Home);
    const first = home.pidInFile();
    const second = await startAnother();
    expect(second).not.toBe(first);
    expect((await runtime.connect(true)).pid).toBe(first);
    expect(home.pidInFile()).toBe(first);
    await runtime.snapshot(true);
    process.kill(second, 'SIGKILL');
  });

  it('kills its own daemon if that came second', async () => {
    await Promise.all([startDaemon(home.pm2Home, findAnsweringPid), startDaemon(home.pm2Home, findAnsweringPid)]);
    await until(() => daemons() === 1, 'one daemon is left');
    expect((await runtime.connect(true)).pid).toBe(await findAnsweringPid());
  });

  it('replaces its own daemon if another one took one of the two sockets in the same moment', async () => {
    mkdirSync(home.pm2Home, { recursive: true });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path.join(home.pm2Home, 'pub.sock'), resolve));
    const started = startDaemon(home.pm2Home, findAnsweringPid);
    const first = await until(findAnsweringPid, 'the daemon answers on its other socket');
    other.close();
    await started;
    expect(await findAnsweringPid()).not.toBe(first);
    await until(() => daemons() === 1, 'one daemon is left');
    expect((await runtime.connect(true)).pid).toBe(await findAnsweringPid());
  });

  it('starts another one if the folder of the first was removed', async () => {
    await startDaemon(home.pm2Home);
    const first = home.pidInFile() ?? 0;
    renameSync(home.pm2Home, `${home.pm2Home}.removed`);
    try {
      const second = await runtime.connect(true);
      expect(second.pid).not.toBe(first);
      expect(home.pidInFile()).toBe(second.pid);
      await runtime.snapshot(true);
    } finally {
      process.kill(first, 'SIGKILL');
    }
  });

  it('detects one that replaced the other, and connects to it', async () => {
    await startDaemon(home.pm2Home);
    const first = await runtime.connect(false);
    const heard: ProcessManagerSignal[] = [];
    runtime.onSignal((signal) => heard.push(signal));
    for (const name of ['rpc.sock', 'pub.sock']) {
      renameSync(path.join(home.pm2Home, name), path.join(home.pm2Home, `${name}.gone`));
    }
    await startDaemon(home.pm2Home);
    await expect(runtime.snapshot(false)).rejects.toMatchObject({ code: 'process-manager-unavailable' });
    await until(() => heard.some(({ kind }) => kind === 'connection-lost'), 'the loss of the connection is reported');
    const second = await runtime.connect(false);
    expect(second.pid).not.toBe(first.pid);
    expect(second.pid).toBe(await findAnsweringPid());
    process.kill(first.pid, 'SIGKILL');
  });
});
