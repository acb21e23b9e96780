import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { LinuxProcessInspector } from '../../src/processes';
import { ApiClient } from '../support/api-client';
import { makeTestHome } from '../support/pm2-home';
import { ADMIN_TOKEN } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

const ROOT = path.resolve(__dirname, '../..');
const ECOSYSTEM = path.join(ROOT, 'ecosystem.config.js');
const PM2_PROGRAM = require.resolve('pm2/bin/pm2');
const SHELL_MS = 60_000;

interface Entry {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number };
}

/** Runs the service with `pm2 start ecosystem.config.js`, under the daemon that it also uses for its agents. */
describe('the service under PM2 itself', () => {
  const inspector = new LinuxProcessInspector();
  const home = makeTestHome();
  const otherHome = path.join(home.root, 'other-pm2');
  const ids = ['one', 'two'];

  beforeAll(async () => {
    cpSync(path.resolve(__dirname, '../fixtures/agents'), home.agentsDir, { recursive: true });
    await pm2('start', ECOSYSTEM);
    await isReady(1);
    for (const agentId of ids) {
      await api().register({ agentId, name: agentId, entryPoint: 'sleeper.sh', autostart: true });
    }
    await allRunOnce();
  });

  afterAll(async () => {
    await home.destroy();
  });

  /** Runs `pm2` as an operator's shell would, with the settings of the service in its environment. */
  async function pm2In(pm2Home: string, ...args: string[]): Promise<string> {
    const env = {
      ...{ PATH: process.env.PATH, HOME: home.root, PM2_HOME: pm2Home, PM2_DISABLE_VERSION_CHECK: '1', CI: 'true' },
      ...{ DATA_DIR: home.dataDir, AGENTS_DIR: home.agentsDir, PORT: '0', LOG_LEVEL: 'warn' },
      ...{ API_TOKENS: `admin:${ADMIN_TOKEN}`, HEALING_INTERVAL_SECONDS: '0.5', VERIFY_SECONDS: '0.3' },
      STABLE_SECONDS: '2',
    };
    const limits = { timeout: SHELL_MS, killSignal: 'SIGKILL' } as const;
    return (await promisify(execFile)(process.execPath, [PM2_PROGRAM, ...args], { encoding: 'utf8', env, ...limits }))
      .stdout;
  }
  const pm2 = (...args: string[]) => pm2In(home.pm2Home, ...args);

  async function listed(pm2Home = home.pm2Home): Promise<Entry[]> {
    const json = (await pm2In(pm2Home, 'jlist')).split('\n').find((line) => line.startsWith('['));
    return JSON.parse(json ?? '[]') as Entry[];
  }
  const supervisor = async () => (await listed()).find(({ name }) => name === 'agent-spawner');

  const contentOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const urls = () =>
    [
      ...contentOf(path.join(home.pm2Home, 'logs/agent-spawner-out.log')).matchAll(/API\s+(http:\S+)\/api\/agents/g),
    ].map(([, url]) => url ?? '');
  const api = () => new ApiClient(urls().at(-1) ?? '', ADMIN_TOKEN);
  const isReady = (times: number) =>
    until(
      async () => urls().length >= times && (await api().get('/health/ready')).status === 200,
      () =>
        `the service is ready; its error log: ${contentOf(path.join(home.pm2Home, 'logs/agent-spawner-error.log'))}`,
      60_000,
    );
  const isAlive = (pid: number) => inspector.facts(pid) !== null;
  const pids = () => ids.map((agentId) => livingAgents(home).get(agentId) ?? []);
  const backups = () => readdirSync(path.join(home.dataDir, 'backups')).filter((name) => name.endsWith('.json')).length;
  const daemonPid = () => home.daemonPid() ?? 0;

  async function allRunOnce(): Promise<void> {
    await until(
      async () => {
        const living = livingAgents(home);
        const entries = await listed();
        const views = await api().agents();
        return ids.every((agentId) => {
          const own = living.get(agentId) ?? [];
          const view = views.find((each) => each.agentId === agentId);
          const entry = entries.find(({ name }) => name === agentId);
          return own.length === 1 && view?.pid === own[0] && view?.status === 'running' && entry?.pid === own[0];
        });
      },
      () => `each runs once and is listed; alive: ${JSON.stringify(pids())}`,
      60_000,
    );
  }

  it('gets its settings from the environment, and shares the daemon with its agents', async () => {
    expect((await listed()).map(({ name }) => name)).toEqual(expect.arrayContaining(['agent-spawner', ...ids]));
    for (const { pid } of (await listed()).filter((entry) => entry.pid > 0)) {
      expect(inspector.facts(pid)?.parentPid).toBe(daemonPid());
    }
    expect(existsSync(path.join(home.dataDir, 'db'))).toBe(true);
  });

  it('is restarted by PM2 when it is killed, and the agents keep their pids', async () => {
    const before = { own: (await supervisor())?.pid ?? 0, agents: pids(), starts: urls().length };
    process.kill(before.own, 'SIGKILL');
    await isReady(before.starts + 1);
    const now = await supervisor();
    expect(now?.pid).not.toBe(before.own);
    expect(now?.pm2_env.restart_time).toBe(1);
    expect(pids()).toEqual(before.agents);
    await allRunOnce();
  });

  it('makes a backup and leaves the agents running when an operator restarts or stops it', async () => {
    const before = { agents: pids(), starts: urls().length, backups: backups() };
    await pm2('restart', 'agent-spawner');
    await isReady(before.starts + 1);
    expect(pids()).toEqual(before.agents);
    expect(backups()).toBe(before.backups + 1);
    await pm2('stop', 'agent-spawner');
    expect((await supervisor())?.pm2_env.status).toBe('stopped');
    expect(pids()).toEqual(before.agents);
    expect(backups()).toBe(before.backups + 2);
    await pm2('start', 'agent-spawner');
    await isReady(before.starts + 2);
    await allRunOnce();
    expect(pids()).toEqual(before.agents);
  });

  it('refuses to start a second time on the same data, and PM2 does not restart it', async () => {
    mkdirSync(otherHome);
    await pm2In(otherHome, 'start', ECOSYSTEM);
    const ends = () =>
      contentOf(path.join(otherHome, 'pm2.log')).match(/\[agent-spawner:0\] exited with code \[78\]/g) ?? [];
    await until(() => ends().length > 0, 'the second service has refused');
    // PM2 restarts the first service after the same delay. By then it would also have restarted the second one.
    const starts = urls().length;
    process.kill((await supervisor())?.pid ?? 0, 'SIGKILL');
    await isReady(starts + 1);
    expect(ends()).toHaveLength(1);
    const [second] = await listed(otherHome);
    expect(second?.pm2_env.exit_code).toBe(78);
    expect(second?.pm2_env.restart_time).toBe(0);
    expect(contentOf(path.join(otherHome, 'logs/agent-spawner-error.log'))).toContain('Another agent-spawner (pid ');
    process.kill(Number(readFileSync(path.join(otherHome, 'pm2.pid'), 'utf8')), 'SIGKILL');
    await allRunOnce();
  });

  it('survives its daemon, starts another one and each agent once, and is no longer listed by PM2', async () => {
    const before = { own: (await supervisor())?.pid ?? 0, daemon: daemonPid(), agents: pids() };
    process.kill(before.daemon, 'SIGKILL');
    await until(() => daemonPid() !== before.daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    for (const pid of before.agents.flat()) expect(isAlive(pid)).toBe(false);
    expect(isAlive(before.own)).toBe(true);
    expect((await listed()).map(({ name }) => name)).not.toContain('agent-spawner');
  });

  it('exits in order with its output closed, and can be started under PM2 again', async () => {
    const lock = path.join(home.dataDir, 'agent-spawner.lock');
    const before = { agents: pids(), starts: urls().length, backups: backups() };
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'the service has exited', 40_000);
    expect(existsSync(lock)).toBe(false);
    expect(backups()).toBe(before.backups + 1);
    await pm2('start', ECOSYSTEM);
    await isReady(before.starts + 1);
    await allRunOnce();
    expect(pids()).toEqual(before.agents);
  });
});
