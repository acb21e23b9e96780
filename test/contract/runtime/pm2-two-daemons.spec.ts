import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, Pm2Runtime, type RuntimeSignal } from '../../../src/runtime';
import { startDaemon } from '../../../src/runtime/pm2/daemon';
import { DaemonSocket } from '../../../src/runtime/pm2/daemon-socket';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

/** PM2 itself allows two daemons of one home: a shell that finds none starts one, and so do we. */
describe('of two daemons that are started for one home', () => {
  const inspector = new LinuxProcessInspector();
  let home: TestHome;
  let runtime: Pm2Runtime;

  beforeEach(() => {
    home = makeTestHome();
    const clock = new SystemClock();
    runtime = new Pm2Runtime({ pm2Home: home.pm2Home, clock, inspector, key: Buffer.alloc(32, 1) });
  });

  afterEach(async () => {
    await runtime.close();
    await home.destroy();
  });

  const whoAnswers = () => new DaemonSocket(home.pm2Home, inspector).whoAnswers();
  const daemons = () =>
    inspector.all().filter(({ pid }) => inspector.environment(pid)?.get('PM2_HOME') === home.pm2Home).length;

  /** What a shell does that has not seen that there is one already. */
  async function startAnother(): Promise<number> {
    const child = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, SILENT: 'true' },
    });
    child.unref();
    await until(() => home.pidInFile() === child.pid, 'it has written its pid down');
    child.disconnect();
    return child.pid ?? 0;
  }

  it('the one that listens is the one that we know, and that the file names', async () => {
    await startDaemon(home.pm2Home);
    const first = home.pidInFile();
    const second = await startAnother();
    expect(second).not.toBe(first);
    expect((await runtime.connect(true)).pid).toBe(first);
    expect(home.pidInFile()).toBe(first);
    await runtime.snapshot(true);
    process.kill(second, 'SIGKILL');
  });

  it('ours is ended where it comes second', async () => {
    await Promise.all([startDaemon(home.pm2Home, whoAnswers), startDaemon(home.pm2Home, whoAnswers)]);
    await until(() => daemons() === 1, 'one is left');
    expect((await runtime.connect(true)).pid).toBe(await whoAnswers());
  });

  it('one whose folder was removed does not keep another from starting', async () => {
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

  it('one that took the place of the other is found, and connected to', async () => {
    await startDaemon(home.pm2Home);
    const first = await runtime.connect(false);
    const heard: RuntimeSignal[] = [];
    runtime.onSignal((signal) => heard.push(signal));
    for (const name of ['rpc.sock', 'pub.sock']) {
      renameSync(path.join(home.pm2Home, name), path.join(home.pm2Home, `${name}.gone`));
    }
    await startDaemon(home.pm2Home);
    await expect(runtime.snapshot(false)).rejects.toMatchObject({ code: 'process-manager-unavailable' });
    await until(() => heard.some(({ kind }) => kind === 'connection-lost'), 'it is told');
    const second = await runtime.connect(false);
    expect(second.pid).not.toBe(first.pid);
    expect(second.pid).toBe(await whoAnswers());
    process.kill(first.pid, 'SIGKILL');
  });
});
