import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector } from '../../../src/processes';
import { DaemonStarter } from '../../../src/processes/pm2/daemon-starter';
import { makeTestHome, type TestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

const HANGS = 'setInterval(() => {}, 1_000);\n';
const ON_A_SIGNAL = `process.on('SIGUSR2', () => process.send({ online: true }));\n${HANGS}`;
const LONG_MS = 100_000;

describe('a daemon that is slow to start', () => {
  const inspector = new LinuxProcessInspector();
  const away = { code: 'process-manager-unavailable' };
  let home: TestHome;
  let starter: DaemonStarter | null;

  beforeEach(() => {
    home = makeTestHome();
    starter = null;
  });
  afterEach(async () => {
    starter?.close();
    await home.destroy();
  });

  function starterOf(content: string, timeouts: { startTimeoutMs: number; giveUpMs: number }): DaemonStarter {
    starter = new DaemonStarter({
      home: home.pm2Home,
      clock: new SystemClock(),
      script: home.program('daemon.js', content),
      ...timeouts,
    });
    return starter;
  }

  const daemons = () =>
    inspector
      .all()
      .map(({ pid }) => pid)
      .filter((pid) => inspector.environment(pid)?.get('PM2_HOME') === home.pm2Home);

  it('is awaited by the next attempt, which starts no second one', async () => {
    const slow = starterOf(ON_A_SIGNAL, { startTimeoutMs: 300, giveUpMs: LONG_MS });
    await expect(slow.start()).rejects.toMatchObject(away);
    const [first] = daemons();
    await expect(slow.start()).rejects.toMatchObject(away);
    expect(daemons()).toEqual([first]);
    const third = slow.start();
    process.kill(first ?? 0, 'SIGUSR2');
    await third;
    expect(daemons()).toEqual([first]);
  });

  it('is killed if it hangs, before another one is started', async () => {
    const hanging = starterOf(HANGS, { startTimeoutMs: LONG_MS, giveUpMs: 500 });
    await expect(hanging.start()).rejects.toMatchObject(away);
    await until(() => daemons().length === 0, 'the daemon is gone');
    const next = hanging.start();
    await until(() => daemons().length === 1, 'another daemon is started');
    await expect(next).rejects.toMatchObject(away);
  });

  it('is killed when the starter closes', async () => {
    const hanging = starterOf(HANGS, { startTimeoutMs: 300, giveUpMs: LONG_MS });
    await expect(hanging.start()).rejects.toMatchObject(away);
    expect(daemons()).toHaveLength(1);
    hanging.close();
    await until(() => daemons().length === 0, 'the daemon is gone');
  });
});
