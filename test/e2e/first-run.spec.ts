import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/processes';
import { ApiClient } from '../support/api-client';
import { until } from '../support/until';

const ROOT = path.resolve(__dirname, '../..');
const INSTALL_MS = 480_000;

/** Follows the README in a separate home: clone, `npm start`, kill an agent, Ctrl-C, start again, uninstall. */
describe('the first run in a fresh clone', () => {
  const inspector = new LinuxProcessInspector();
  const home = mkdtempSync(path.join(tmpdir(), 'agent-spawner-home-'));
  const clone = path.join(home, 'agent-spawner');
  // Everything except npm's cache and settings is in this home.
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, PORT: '0', VERIFY_SECONDS: '1', STABLE_SECONDS: '1' },
    npm_config_cache: process.env.npm_config_cache ?? path.join(homedir(), '.npm'),
    npm_config_userconfig: process.env.npm_config_userconfig ?? path.join(homedir(), '.npmrc'),
  };
  let service: ChildProcess | null = null;
  let output = '';

  beforeAll(() => {
    // Copies the present files, committed or not.
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' });
    for (const file of files.split('\0').filter((name) => name !== '')) {
      mkdirSync(path.dirname(path.join(clone, file)), { recursive: true });
      cpSync(path.join(ROOT, file), path.join(clone, file));
    }
  });

  afterAll(async () => {
    const left = () =>
      inspector
        .all()
        .filter(({ pid }) => [...(inspector.environment(pid)?.values() ?? [])].some((value) => value.startsWith(home)));
    for (const { pid } of left()) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
    await until(() => left().length === 0, 'no process of the first run is left');
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  async function npmStart(): Promise<ApiClient> {
    output = '';
    service = spawn('npm', ['start'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const collect = (chunk: Buffer) => (output += chunk.toString());
    service.stdout?.on('data', collect);
    service.stderr?.on('data', collect);
    const url = await until(
      () => /API\s+(http:\S+)\/api\/agents/.exec(output)?.[1],
      () => `the service is ready; output: ${output}`,
      INSTALL_MS,
    );
    // The output arrives in pieces. This text is in the last line but one.
    await until(
      () => output.includes('npx pm2 ls'),
      () => `the output is complete; output: ${output}`,
    );
    return new ApiClient(url, readFileSync(path.join(clone, 'data', 'admin.token'), 'utf8').trim());
  }

  /** Sends SIGINT to the whole process group, as Ctrl-C in a terminal does. */
  async function controlC(): Promise<void> {
    const child = service;
    if (child?.pid === undefined) throw new Error('the service does not run');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGINT');
    // npm itself dies by the signal too.
    await ended;
  }

  const isAlive = (pid: number | null) => pid !== null && inspector.facts(pid) !== null;

  it(
    'installs, builds, starts the agents, heals one, stops without them, adopts them, and uninstalls',
    async () => {
      let api = await npmStart();
      expect(output).toMatch(/Installing packages/);
      expect(output).toMatch(/Building/);
      expect(output).toContain(`${api.url}/docs`);
      const tokenFile = path.join(clone, 'data', 'admin.token');
      expect(output).toContain(tokenFile);
      expect(output).not.toContain(readFileSync(tokenFile, 'utf8').trim());
      expect(statSync(tokenFile).mode & 0o777).toBe(0o600);

      const managed = ['content-agent', 'acquisition-agent', 'revenue-agent', 'orchestrator'];
      const up = await until(
        async () => {
          const views = (await api.agents()).filter(({ agentId }) => managed.includes(agentId));
          const isUp = ({ status, announced }: AgentView) => status === 'running' && announced !== null;
          return views.length === 4 && views.every(isUp) ? views : null;
        },
        'all four agents run and have announced their addresses',
        30_000,
      );
      const external = (await api.agents()).find(({ agentId }) => agentId === 'safari-automation');
      expect(external).toMatchObject({ status: 'unknown', desiredState: 'running', pid: null, entryPoint: null });

      // Each sample agent does its work.
      const work: Readonly<Record<string, object>> = {
        'content-agent': {
          taskType: 'content.generate',
          input: { topic: 'supervision', points: ['it restarts agents'] },
        },
        'acquisition-agent': { taskType: 'outreach.dm', input: { name: 'Ada', offer: 'help' } },
        'revenue-agent': { taskType: 'analytics.report' },
        orchestrator: { taskType: 'orchestrator.plan', input: { goal: 'write a post and publish it' } },
      };
      for (const { agentId, announced } of up) {
        const health = await fetch(announced?.healthUrl ?? '');
        expect(await health.json()).toMatchObject({ status: 'ok', agentId });
        const body = JSON.stringify(work[agentId]);
        const answer = await fetch(`${announced?.endpoint ?? ''}/tasks`, { method: 'POST', body });
        expect([agentId, answer.status]).toEqual([agentId, 200]);
      }

      const listed = execFileSync('npx', ['pm2', 'ls'], { cwd: clone, env: { ...env, CI: 'true' }, encoding: 'utf8' });
      for (const { agentId, pid } of up) expect(listed).toMatch(new RegExp(`${agentId}.*agents.*${pid ?? 'none'}`));

      const victim = up[0];
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      const healed = await until(async () => {
        const view = await api.agent(victim?.agentId ?? '');
        return view.pid !== null && view.pid !== victim?.pid && view.announced !== null ? view : null;
      }, 'it has a new pid, and has announced its address again');

      await controlC();
      await until(() => output.includes('The agents keep running'), 'the output says that the agents keep running');
      await until(() => output.includes('npm run uninstall'), 'the output says how to stop them');
      expect(isAlive(healed.pid)).toBe(true);

      api = await npmStart();
      expect(output).not.toMatch(/Installing|Building/);
      const adopted = await api.agent(healed.agentId);
      expect(adopted).toMatchObject({ pid: healed.pid, restarts: 1 });

      const pids = (await api.agents()).map(({ pid }) => pid).filter((pid) => pid !== null);
      const daemon = Number(readFileSync(path.join(home, '.pm2', 'pm2.pid'), 'utf8'));
      // The uninstallation also works while the service runs, and stops it first.
      const ended = new Promise((resolve) => service?.once('exit', resolve));
      const log = execFileSync('npm', ['run', '-s', 'uninstall'], { cwd: clone, env, encoding: 'utf8' });
      await ended;
      for (const agentId of managed) expect(log).toContain(`${agentId}: killed`);
      expect(log).toContain(`PM2's daemon (pid ${daemon}) had no other processes: stopped.`);
      expect(log).toContain(path.join(clone, 'data'));
      expect([...pids, daemon].filter(isAlive)).toEqual([]);
    },
    INSTALL_MS + 120_000,
  );
});
