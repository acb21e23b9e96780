import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { ApiClient } from './api-client';
import { copyDatabaseTo } from './database-template';
import { makeTestHome, type TestHome } from './pm2-home';
import { until } from './until';

export const ADMIN_TOKEN = 'admin-token-of-the-tests';
export const OPERATOR_TOKEN = 'operator-token-of-the-tests';
export const VIEWER_TOKEN = 'viewer-token-of-the-tests';

/** Start timeout. A first start creates a database, which takes seconds, and much longer on a busy machine. */
const START_MS = 110_000;

const FIXTURES = path.resolve(__dirname, '../fixtures/agents');

/** Short timings, so that tests need not wait. The logic is unchanged. */
const QUICK: Readonly<Record<string, string>> = {
  HEALING_INTERVAL_SECONDS: '0.5',
  VERIFY_SECONDS: '0.3',
  STABLE_SECONDS: '2',
  BACKOFF_BASE_SECONDS: '0.1',
  BACKOFF_MAX_SECONDS: '1',
  CIRCUIT_COOLDOWN_SECONDS: '1',
  KILL_TIMEOUT_SECONDS: '1',
};

/** The built service in its own process, with its own PM2. */
export interface TestService {
  readonly home: TestHome;
  readonly api: ApiClient;
  readonly url: string;
  /** Headers of a viewer's request. */
  readonly readHeaders: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Returns true while its process is running. */
  isRunning(): boolean;
  /** Returns its whole output so far, across restarts. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /**
   * Signals the service and waits for its exit.
   *
   * @returns the exit code; null if the signal killed it
   */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again on the same folders. */
  start(overrides?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts another process with other settings. Resolves with its exit code and output. */
  attempt(
    overrides: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Runs another built program with the settings of the service. */
  run(program: string, ...args: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  destroy(): Promise<void>;
}

export interface ServiceOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** True if the service creates its database itself, as on a first start. */
  readonly makesDatabase?: boolean;
  /** An existing home to use. */
  readonly home?: TestHome;
  /** True to keep the agents of the first start. */
  readonly firstStart?: boolean;
}

export async function makeService(options: ServiceOptions = {}): Promise<TestService> {
  const home = options.home ?? makeTestHome();
  cpSync(FIXTURES, home.agentsDir, { recursive: true });
  if (options.makesDatabase !== true) await copyDatabaseTo(path.join(home.dataDir, 'db'));
  const settings = { ...QUICK, ...options.settings };
  let child: ChildProcess | null = null;
  let url = '';
  let output = '';

  const launch = (overrides: Readonly<Record<string, string>>, program = 'main.js', args: readonly string[] = []) =>
    spawn(process.execPath, [path.resolve(__dirname, '../../dist', program), ...args], {
      cwd: home.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        // Exclude interpreter shims, because they add environment variables.
        ...{
          PATH: (process.env.PATH ?? '')
            .split(':')
            .filter((folder) => !folder.includes('shims'))
            .join(':'),
          HOME: home.root,
          PORT: '0',
          LOG_LEVEL: 'warn',
        },
        ...{ DATA_DIR: home.dataDir, PM2_HOME: home.pm2Home, AGENTS_DIR: home.agentsDir },
        API_TOKENS: `admin:${ADMIN_TOKEN},operator:${OPERATOR_TOKEN},viewer:${VIEWER_TOKEN}`,
        ...settings,
        ...overrides,
      },
    });

  async function start(overrides: Readonly<Record<string, string>> = {}): Promise<void> {
    const started = launch(overrides);
    child = started;
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      output += chunk.toString();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    const found = await until(
      () => /API\s+(http:\S+)\/api\/agents/.exec(said)?.[1] ?? (hasExited(started) ? 'ended' : null),
      () => `the service is ready; it said: ${said}`,
      START_MS,
    );
    if (found === 'ended') throw new Error(`it ended with ${started.exitCode ?? started.signalCode}: ${said}`);
    url = found;
  }

  const ended = (process_: ChildProcess) =>
    new Promise<number | null>((resolve) => {
      if (hasExited(process_)) resolve(process_.exitCode);
      else process_.once('exit', resolve);
    });

  const outcomeOf = async (other: ReturnType<typeof launch>) => {
    let said = '';
    other.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    other.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { code: await ended(other), output: said };
  };

  const service: TestService = {
    home,
    get url() {
      return url;
    },
    get api() {
      return new ApiClient(url, ADMIN_TOKEN);
    },
    readHeaders: { authorization: `Bearer ${VIEWER_TOKEN}` },
    get pid() {
      return child?.pid ?? 0;
    },
    isRunning: () => child !== null && !hasExited(child),
    output: () => output,
    signal: (signal) => void child?.kill(signal),
    end: async (signal = 'SIGTERM') => {
      if (child === null) return null;
      child.kill(signal);
      return ended(child);
    },
    start,
    attempt: (overrides) => outcomeOf(launch(overrides)),
    run: (program, ...args) => outcomeOf(launch({}, program, args)),
    destroy: async () => {
      if (child !== null && !hasExited(child)) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await ended(child);
      }
      await home.destroy();
    },
  };
  try {
    await start();
    if (options.firstStart !== true) await removeFirstStart(service);
    return service;
  } catch (error) {
    await service.destroy();
    throw error;
  }
}

/** Removes the agents of the first start, because their programs do not exist in the folder of a test. */
async function removeFirstStart({ api }: TestService): Promise<void> {
  for (const { agentId } of await api.agents()) {
    await until(
      async () => (await api.request('DELETE', `/api/agents/${agentId}`)).status !== 409,
      `${agentId} can be removed`,
    );
  }
}

/** A process that a signal killed has no exit code. */
function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
