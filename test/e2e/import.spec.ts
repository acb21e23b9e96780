import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../src/config';
import { RpcClient } from '../../src/processes/pm2/rpc-client';
import type { RawEntry } from '../support/raw-pm2';
import { makeService, type TestService } from '../support/service';
import { makeTempFolder } from '../support/temp-folder';
import { until } from '../support/until';

const SECRET = 'sk-imported-secret-value';
const FOREVER = 'setInterval(() => undefined, 1000);\n';

/** Programs as an operator runs them under PM2. */
const APPS = [
  {
    ...{ name: 'Web bot', script: 'bots/web.js', args: 'a "b c"', env: { API_KEY: SECRET }, kill_timeout: 3_000 },
    ...{ max_memory_restart: '300M', namespace: 'team', cron_restart: '0 0 1 1 *' },
  },
  { name: 'many', script: 'bots/many.js', exec_mode: 'cluster', instances: 2, autorestart: false },
  { name: 'outside', script: '/bin/sleep', args: '1000', interpreter: 'none' },
];

describe('the import of programs of PM2', () => {
  let service: TestService;
  let file: string;

  beforeAll(async () => {
    service = await makeService();
    const { home } = service;
    home.program('bots/web.js', FOREVER);
    home.program('bots/many.js', FOREVER);
    file = path.join(home.agentsDir, 'ecosystem.config.js');
    writeFileSync(file, `module.exports = ${JSON.stringify({ apps: APPS })};`);
    await service.api.register({ agentId: 'ours', name: 'Ours', entryPoint: 'sleeper.sh' });
    await service.api.spawn('ours');
    execFileSync(process.execPath, [require.resolve('pm2/bin/pm2'), 'start', file], {
      cwd: home.agentsDir,
      env: { PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, PM2_DISABLE_VERSION_CHECK: '1' },
      stdio: 'ignore',
    });
    home.pm2('save');
  });

  afterAll(() => service.destroy());

  const importing = (...args: string[]) => service.run('cli/import.js', '--url', service.url, ...args);

  /** Lists PM2's entries without its command line, which takes a second. */
  async function list(): Promise<RawEntry[]> {
    const limit = { clock: new SystemClock(), timeoutMs: 20_000 };
    const rpc = await RpcClient.connect(path.join(service.home.pm2Home, 'rpc.sock'), limit, () => undefined);
    try {
      const answer = await rpc.call('getMonitorData', {});
      if (answer.kind === 'answered') return answer.value as RawEntry[];
      throw new Error(answer.message);
    } finally {
      rpc.close();
    }
  }

  /** Everything of PM2 that an import must not change. */
  async function stateOfPm2() {
    const entries = (await list()).map(({ name, pid, pm2_env: entry }) => {
      const { status, restart_time: restarts, unique_id: id, pm_uptime: since, namespace } = entry;
      return { name, pid, status, restarts, id, since, namespace };
    });
    const { pm2Home } = service.home;
    const dump = readFileSync(path.join(pm2Home, 'dump.pm2'), 'utf8');
    return { entries, dump, daemon: service.home.daemonPid(), pidFile: service.home.pidInFile() };
  }

  it('shows a plan, and changes nothing without a choice', async () => {
    const before = await stateOfPm2();
    const { code, output } = await importing();

    expect(code).toBe(0);
    expect(output).toContain('1. Web bot can be registered as web-bot');
    expect(output).toMatch(/\+ entryPoint +"bots\/web\.js"/);
    expect(output).toContain('! cron_restart: agents are not restarted on a schedule');
    expect(output).toMatch(/\? env is not taken over\. Perhaps it needs --env .*API_KEY/);
    expect(output).toContain('2. many can be registered as many');
    expect(output).toContain('! PM2 runs 2 processes of it: an agent is one process, so it is imported once');
    expect(output).toContain('- outside cannot be imported as outside');
    expect(output).toMatch(/x \/bin\/sleep is not below AGENTS_DIR/);
    expect(output).toContain('- ours: left out, agent-spawner runs it already');
    expect(output).toContain('Nothing was changed. Register them with --yes');
    expect(output).not.toContain(SECRET);
    expect((await service.api.agents()).map(({ agentId }) => agentId)).toEqual(['ours']);
    expect(await stateOfPm2()).toEqual(before);
  });

  it('refuses a name that no program has, and one that cannot be imported', async () => {
    expect(await importing('--only', 'none')).toMatchObject({
      code: 1,
      output: expect.stringContaining('No program is called none. Known: Web bot, many, outside.') as string,
    });
    expect((await importing('--only', 'outside')).code).toBe(1);
    expect((await importing('--yes', '--dry-run')).output).toContain('Nothing was changed');
    expect(await service.api.agents()).toHaveLength(1);
  });

  it('registers the chosen ones, stopped, and touches nothing that runs', async () => {
    const before = await stateOfPm2();
    const { code, output } = await importing('--only', 'Web bot', '--env', 'API_KEY');

    expect([code, output]).toEqual([0, expect.stringContaining('registered web-bot (stopped)')]);
    expect(output).toContain("npx pm2 delete 'Web bot'");
    expect(output).toContain(`${service.url}/api/agents/web-bot/spawn`);
    expect(output).not.toContain(SECRET);
    expect(await stateOfPm2()).toEqual(before);
    expect(await service.api.agent('web-bot')).toMatchObject({
      ...{ name: 'Web bot', entryPoint: 'bots/web.js', args: ['a', 'b c'], cwd: '.', env: { API_KEY: '***' } },
      ...{ tags: ['team'], maxMemoryMb: 300, policy: { killTimeoutSeconds: 3 }, interpreter: null },
      ...{ desiredState: 'stopped', status: 'stopped', pid: null },
    });
  });

  it('shows what is registered already, and registers it once', async () => {
    const { code, output } = await importing('--yes', '--env', 'API_KEY', '--json');

    expect(code).toBe(0);
    const report = JSON.parse(output) as { programs: { name: string; action: string }[]; results: unknown[] };
    expect(report.programs.map(({ name, action }) => [name, action])).toEqual([
      ['Web bot', 'registered'],
      ['many', 'register'],
      ['outside', 'impossible'],
    ]);
    expect(report.results).toEqual([{ name: 'many', agentId: 'many', error: null }]);
    expect(output).not.toContain(SECRET);
    expect(await service.api.agent('many')).toMatchObject({ status: 'stopped', policy: { restart: 'never' } });
  });

  it('reads an ecosystem file with its env, and shows how it differs', async () => {
    const { code, output } = await importing(file);

    expect(code).toBe(0);
    // The file names no cwd, and PM2 took that of its shell.
    expect(output).toMatch(
      /- Web bot is registered already, but differs from web-bot\n +~ cwd +"\." is registered, PM2 has null/,
    );
    expect(output).not.toContain(SECRET);
  });

  it('lets the operator move a program: deleted in PM2, then started as an agent', async () => {
    service.home.pm2('delete', 'Web bot');
    const { pid } = await service.api.spawn('web-bot');

    await until(async () => (await service.api.agent('web-bot')).status === 'running', 'the agent runs');
    const running = (await list()).filter(({ pm2_env: { pm_exec_path: program, args } }) =>
      JSON.stringify([program, args]).includes('bots/web.js'),
    );
    expect(running.map((entry) => entry.pid)).toEqual([pid]);
  });
});

describe('the import without a PM2 daemon', () => {
  const folder = makeTempFolder();
  const program = path.resolve(__dirname, '../../dist/cli/import.js');
  const run = (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: folder.root, PM2_HOME: folder.folder('pm2'), PORT: '1' };
    return spawnSync(process.execPath, [program, ...args], { cwd: folder.root, encoding: 'utf8', env });
  };

  afterAll(() => {
    folder.remove();
  });

  it('finds an empty list, and starts no daemon', () => {
    const { status, stdout, stderr } = run('--yes');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`No PM2 daemon runs in ${folder.at('pm2')}, so its list: no programs.`);
    expect([readdirSync(folder.root), readdirSync(folder.at('pm2'))]).toEqual([['pm2'], []]);
  });

  it('shows the plan of a file without a running service, but registers nothing', () => {
    folder.file('examples/agents/a.py');
    const ecosystem = folder.file('examples/agents/ecosystem.json', '{"apps": [{"name": "a", "script": "a.py"}]}');
    expect(run(ecosystem)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/1\. a can be registered as a[^]*agent-spawner does not answer at http:/) as string,
    });
    expect(run(ecosystem, '--yes')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('agent-spawner does not answer at http://127.0.0.1:1.') as string,
    });
  });

  it('reports a broken file, and wrong arguments', () => {
    expect(run(folder.file('broken.config.js', 'throw new Error("no key")'))).toMatchObject({
      ...{ status: 1, stderr: expect.stringContaining('broken.config.js cannot be evaluated: no key.') as string },
    });
    expect(run('--only').status).toBe(2);
    expect(run('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Usage: npm run import') as string,
    });
  });
});
