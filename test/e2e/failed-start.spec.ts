import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { copyDatabaseTo } from '../support/database-template';
import { makeTestHome } from '../support/pm2-home';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Time after which an attempt counts as hung. */
const PATIENCE_MS = 60_000;

describe('a start that fails after the database was opened', () => {
  let service: TestService;
  let other: Server;

  beforeAll(async () => {
    service = await makeService();
    await service.end('SIGTERM');
    other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => other.close(resolve));
    await service.destroy();
  });

  async function attempt(
    overrides: Readonly<Record<string, string>>,
  ): Promise<{ code: number | null; output: string }> {
    const result: { outcome?: { code: number | null; output: string } } = {};
    void service.attempt(overrides).then((outcome) => (result.outcome = outcome));
    return until(() => result.outcome, 'it exits by itself', PATIENCE_MS);
  }

  it('because its port is in use names the error, and exits with code 1', async () => {
    const { port } = other.address() as AddressInfo;
    const { code, output } = await attempt({ PORT: String(port) });
    expect(output).toContain(`EADDRINUSE`);
    expect(code).toBe(1);
  });

  it('because its token file is unusable says what to do, and exits with code 78', async () => {
    writeFileSync(path.join(service.home.dataDir, 'admin.token'), 'short\n');
    const { code, output } = await attempt({ API_TOKENS: '' });
    expect(output).toContain('contains no usable token');
    expect(code).toBe(78);
  });

  it('leaves no lock behind, so that the next start succeeds', async () => {
    await service.start();
    expect((await service.api.get('/health/live')).status).toBe(200);
  });
});

it('a start that fails within another program ends the database thread, so that the program can exit', async () => {
  const home = makeTestHome();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const script = `
    const { startService } = require(${JSON.stringify(path.resolve('dist/service.js'))});
    const { settingsOfThisProcess } = require(${JSON.stringify(path.resolve('dist/config'))});
    startService(settingsOfThisProcess()).catch((error) => console.log(error.code));`;
  const { dataDir: DATA_DIR, pm2Home: PM2_HOME, root: HOME } = home;
  const env = { PATH: process.env.PATH, HOME, DATA_DIR, PM2_HOME, PORT: String(port) };
  await copyDatabaseTo(path.join(DATA_DIR, 'db'));
  const child = spawn(process.execPath, ['-e', script], { cwd: HOME, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    await until(() => child.exitCode !== null, 'it has exited', PATIENCE_MS);
    expect([child.exitCode, said.trim().split('\n').at(-1)]).toEqual([0, 'EADDRINUSE']);
  } finally {
    child.kill('SIGKILL');
    other.close();
    await home.destroy();
  }
});

describe('a terminal that is closed', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
  });
  afterAll(() => service.destroy());

  it('stops the service in order, and the agents keep running', async () => {
    await service.api.register({ agentId: 'keeps-running', name: 'keeps-running', entryPoint: 'sleeper.py' });
    const { pid } = await service.api.spawn('keeps-running');
    expect(await service.end('SIGHUP')).toBe(0);
    expect(service.output()).toContain('The agents keep running');
    await service.start();
    expect(await service.api.agent('keeps-running')).toMatchObject({ pid, restarts: 0 });
    expect((await service.api.events()).map(({ type }) => type)).toContain('supervisor.stopped');
  });

  it('stops the service in order even if its output can no longer be written', async () => {
    await service.end();
    // Runs the service in its own terminal. When the other side is closed, the system sends SIGHUP, and writes fail.
    const script = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b''
while b'Ctrl-C stops' not in said:
    said += os.read(terminal, 65536)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)`;
    const { root: HOME, dataDir: DATA_DIR, pm2Home: PM2_HOME, agentsDir: AGENTS_DIR } = service.home;
    const env = { PATH: process.env.PATH, HOME, DATA_DIR, PM2_HOME, AGENTS_DIR, PORT: '0', LOG_LEVEL: 'trace' };
    const program = [process.execPath, path.resolve('dist/main.js')];
    const child = spawn('python3', ['-c', script, ...program], {
      cwd: HOME,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    try {
      await until(() => child.exitCode !== null, 'it has exited', PATIENCE_MS);
      expect(child.exitCode).toBe(255); // by SIGHUP, like every program whose terminal is closed
    } finally {
      child.kill('SIGKILL');
    }
    await service.start();
    const types = (await service.api.events()).map(({ type }) => type);
    expect(types.filter((type) => type === 'supervisor.stopped')).toHaveLength(3);
  });
});
