import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { errorCodeOf } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/processes';
import { until } from './until';

const inspector = new LinuxProcessInspector();
const SHELL_MS = 20_000;

export interface ListedByPm2 {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: Readonly<Record<string, unknown>>;
}

/**
 * A PM2 home for one suite in a temporary folder, with folders for data and agents. It never touches the user's PM2.
 */
export interface TestHome {
  readonly root: string;
  readonly pm2Home: string;
  readonly dataDir: string;
  readonly agentsDir: string;
  /** Writes a program into the agents' folder and returns its path. */
  program(name: string, content: string, mode?: number): string;
  /** Returns the pid of the daemon that clients reach. */
  daemonPid(): number | null;
  /** Returns the pid in PM2's file. If two daemons were started at once, it may name the unreachable one. */
  pidInFile(): number | null;
  /** Runs PM2's command line against this home, like an operator in a shell. */
  pm2(...args: string[]): string;
  /**
   * Runs PM2's command line without blocking the test. PM2's client may hang forever if two daemons were started at
   * once. It is then killed, as an operator would with Ctrl-C.
   */
  inShell(...args: string[]): Promise<string>;
  /** Returns the output of `pm2 jlist`. */
  list(): ListedByPm2[];
  listInShell(): Promise<ListedByPm2[]>;
  /** Kills the daemon by its pid and every process that was started in this home, and removes the folders. */
  destroy(): Promise<void>;
}

export function makeTestHome(): TestHome {
  const root = mkdtempSync(path.join(tmpdir(), 'agent-spawner-test-'));
  const folder = (name: string) => {
    const full = path.join(root, name);
    mkdirSync(full, { recursive: true });
    return full;
  };
  const home = { root, pm2Home: folder('pm2'), dataDir: folder('data'), agentsDir: folder('agents') };
  const pidInFile = () => {
    try {
      const pid = Number(readFileSync(path.join(home.pm2Home, 'pm2.pid'), 'utf8'));
      return inspector.facts(pid) === null ? null : pid;
    } catch {
      return null;
    }
  };
  const daemonPid = () => {
    const socketPath = path.join(home.pm2Home, 'rpc.sock');
    const listeners = holdersOf(inspector.socketsAt(socketPath).listening);
    return listeners.length > 1 ? whoAccepts(socketPath, listeners) : (listeners[0] ?? null);
  };
  const program = require.resolve('pm2/bin/pm2');
  const env = {
    PATH: process.env.PATH,
    HOME: root,
    PM2_HOME: home.pm2Home,
    PM2_DISABLE_VERSION_CHECK: '1',
    CI: 'true',
  };
  const pm2 = (...args: string[]) => execFileSync(process.execPath, [program, ...args], { encoding: 'utf8', env });
  const inShell = async (...args: string[]) => {
    const limits = { timeout: SHELL_MS, killSignal: 'SIGKILL' } as const;
    try {
      return (await promisify(execFile)(process.execPath, [program, ...args], { encoding: 'utf8', env, ...limits }))
        .stdout;
    } catch (error) {
      // Do not use `instanceof`: the error comes from outside Jest's realm, which has a different `Error`.
      if ((error as { readonly killed?: unknown }).killed === true) return '';
      // The error's message contains neither the exit code nor the output.
      throw new Error(`pm2 ${args.join(' ')} failed: ${inspect(error)}`, { cause: error });
    }
  };
  return {
    ...home,
    daemonPid,
    pidInFile,
    pm2,
    inShell,
    list: () => listIn(pm2('jlist')),
    listInShell: async () => listIn(await inShell('jlist')),
    program: (name, content, mode = 0o755) => {
      const file = path.join(home.agentsDir, name);
      mkdirSync(path.dirname(file), { recursive: true });
      // Renamed into place: an interpreter that reads the present file at this moment must not find it empty.
      writeFileSync(`${file}.draft`, content, { mode });
      renameSync(`${file}.draft`, file);
      return file;
    },
    destroy: async () => {
      for (const pid of new Set([daemonPid(), pidInFile()])) if (pid !== null) kill(pid);
      // Every process that was started in this home has its path in the environment, in PM2_HOME or another variable.
      const left = () => inspector.all().filter((facts) => facts.pid !== process.pid && mentions(facts.pid, root));
      for (const facts of left()) kill(facts.pid);
      await until(() => left().length === 0, 'the processes of a test home are gone');
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Returns the listener that clients reach. Of several listeners at one path, only one is reachable. */
function whoAccepts(socketPath: string, listeners: readonly number[]): number | null {
  const script = path.join(__dirname, 'who-accepts.mjs');
  const pid = execFileSync(process.execPath, [script, socketPath, ...listeners.map(String)], { encoding: 'utf8' });
  return pid === '' ? null : Number(pid);
}

function holdersOf(sockets: readonly string[]): number[] {
  return [...new Set(sockets.flatMap((socket) => inspector.holderOf(socket) ?? []))];
}

/** Kills a process, which may have exited already. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCodeOf(error) !== 'ESRCH') throw error;
  }
}

/** Parses a list. At the first use of a home, PM2 prints a banner before it. */
function listIn(output: string): ListedByPm2[] {
  const json = output.split('\n').find((line) => line.startsWith('['));
  return JSON.parse(json ?? 'null') as ListedByPm2[];
}

function mentions(pid: number, root: string): boolean {
  for (const value of inspector.environment(pid)?.values() ?? []) if (value.startsWith(root)) return true;
  return false;
}
