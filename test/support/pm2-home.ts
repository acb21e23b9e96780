import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { errorCodeOf } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/runtime';
import { until } from './until';

const inspector = new LinuxProcessInspector();
const SHELL_MS = 20_000;

export interface ListedByPm2 {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: Readonly<Record<string, unknown>>;
}

/** A PM2 of one suite's own in a temporary folder, beside folders for data and agents; it never touches the user's. */
export interface TestHome {
  readonly root: string;
  readonly pm2Home: string;
  readonly dataDir: string;
  readonly agentsDir: string;
  /** Writes a program into the agents' folder and returns its path there. */
  program(name: string, content: string, mode?: number): string;
  /** Of the daemon that listens, which is who everybody talks to. */
  daemonPid(): number | null;
  /** What PM2 wrote down: where two daemons were started at once, it may name the one that nobody reaches. */
  pidInFile(): number | null;
  /** Runs PM2's own command line against this home, as an operator in a shell would. */
  pm2(...args: string[]): string;
  /**
   * The same without holding up what goes on beside it in the test. PM2's client may hang for ever where two daemons were
   * started at once: then it is ended, as a person would do by Ctrl-C.
   */
  inShell(...args: string[]): Promise<string>;
  /** What `pm2 jlist` shows. */
  list(): ListedByPm2[];
  listInShell(): Promise<ListedByPm2[]>;
  /** Ends the daemon, by its pid, and every process that was started in it; removes the folders. */
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
      // Not by `instanceof`: the error comes from outside of Jest's own world, and has another `Error`.
      if ((error as { readonly killed?: unknown }).killed === true) return '';
      // Its message alone says neither how it ended nor what it said before.
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
      writeFileSync(file, content, { mode });
      return file;
    },
    destroy: async () => {
      for (const pid of new Set([daemonPid(), pidInFile()])) if (pid !== null) kill(pid);
      // Everything that was started below this folder has it in its environment: PM2_HOME, or a path of its own.
      const left = () => inspector.all().filter((facts) => facts.pid !== process.pid && mentions(facts.pid, root));
      for (const facts of left()) kill(facts.pid);
      await until(() => left().length === 0, 'the processes of a test home are gone');
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Only one of those that listen under one path is reached by it. */
function whoAccepts(socketPath: string, listeners: readonly number[]): number | null {
  const script = path.join(__dirname, 'who-accepts.mjs');
  const pid = execFileSync(process.execPath, [script, socketPath, ...listeners.map(String)], { encoding: 'utf8' });
  return pid === '' ? null : Number(pid);
}

function holdersOf(sockets: readonly string[]): number[] {
  return [...new Set(sockets.flatMap((socket) => inspector.holderOf(socket) ?? []))];
}

/** It may have ended since it was seen. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCodeOf(error) !== 'ESRCH') throw error;
  }
}

/** At its first use in a folder PM2 shows a banner before anything else. */
function listIn(output: string): ListedByPm2[] {
  const json = output.split('\n').find((line) => line.startsWith('['));
  return JSON.parse(json ?? 'null') as ListedByPm2[];
}

function mentions(pid: number, root: string): boolean {
  for (const value of inspector.environment(pid)?.values() ?? []) if (value.startsWith(root)) return true;
  return false;
}
