import { spawn, type SpawnOptions } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { until } from './until';

const START_MS = 60_000;
const LOG_TAIL = 2_000;

/** Port range below the ephemeral ports of the system, so that a port stays free between two lives of a program. */
const PORTS = { lowest: 20_000, count: 12_000 };

/** Kills a program once the other end of the script's input is closed, even if the tests are killed. */
const LEASH = `trap '' INT TERM HUP; read -r nothing; kill -s "$1" "$2"`;

export interface ChildOptions {
  /** Name used in errors. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** File that its output is appended to. */
  readonly log: string;
  readonly spawn?: Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'>;
  /** Signal that kills it, and the processes it started, when the tests die. */
  readonly lastSignal?: 'KILL' | 'QUIT';
}

/** A program of the rig. It does not outlive the tests. */
export interface Child {
  /**
   * Waits until it is up.
   *
   * @throws Error with the tail of its log, at once if it has exited
   */
  started(isUp: () => Promise<boolean>): Promise<void>;
  /**
   * Waits until it has exited by itself.
   *
   * @throws Error with the tail of its log if it failed
   */
  finished(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Returns how often a text occurs in its log. */
  logged(text: string): number;
  /** Sends `lastSignal` and resolves when it has exited. */
  end(): Promise<void>;
  /** Sends SIGKILL to it and to its children in one turn of the event loop. Resolves when all are gone. */
  kill(): Promise<void>;
}

export function startChild(options: ChildOptions): Child {
  const { name, program, args, log, lastSignal = 'KILL' } = options;
  const output = openSync(log, 'a');
  const child = spawn(program, args, { ...options.spawn, stdio: ['ignore', output, output] });
  closeSync(output);
  let ending: string | null = null;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      ending = how;
      resolve();
    };
    child.once('error', (error) => {
      end(error.message);
    });
    child.once('exit', (code, signal) => {
      end(`ended with ${signal ?? `code ${code}`}`);
    });
  });
  if (child.pid !== undefined) holdOnLeash(child.pid, lastSignal, ended);
  const text = () => readFileSync(log, 'utf8');
  const failure = (what: string) => new Error(`${name} ${what}; its log ends so:\n${text().slice(-LOG_TAIL)}`);
  return {
    started: async (isUp) => {
      await until(async () => ending !== null || (await isUp()), `${name} is up`, START_MS).catch((error: unknown) => {
        throw failure(`did not start: ${String(error)}`);
      });
      if (ending !== null) throw failure(ending);
    },
    finished: async () => {
      await ended;
      if (ending !== 'ended with code 0') throw failure(ending ?? 'runs on');
    },
    signal: (signal) => void child.kill(signal),
    end: async () => {
      child.kill(`SIG${lastSignal}`);
      await ended;
    },
    logged: (part) => text().split(part).length - 1,
    kill: async () => {
      const { pid } = child;
      if (pid === undefined || ending !== null) return;
      // Stop it first, so that it starts no more children while they are collected.
      child.kill('SIGSTOP');
      const pids = childrenOf(pid);
      for (const each of [pid, ...pids]) signalIfThere(each);
      await ended;
      await until(
        () => pids.every(isGone),
        () => `the processes ${pids.join(', ')} of ${name} are gone`,
      );
    },
  };
}

/** Returns an unused port of the loopback. */
export async function findPort(): Promise<number> {
  return until(async () => {
    const port = PORTS.lowest + Math.floor(Math.random() * PORTS.count);
    return (await isFree(port)) ? port : null;
  }, 'a port is free');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function holdOnLeash(pid: number, signal: string, ended: Promise<void>): void {
  const leash = spawn('sh', ['-c', LEASH, 'leash', signal, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Remove the leash before the pid can be reused.
  void ended.then(() => leash.kill('SIGKILL'));
}

/** Returns the pids of the children; empty without /proc. */
function childrenOf(parent: number): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name) && statusOf(name)?.parent === parent).map(Number);
}

function isGone(pid: number): boolean {
  const status = statusOf(String(pid));
  return status === null || status.state === 'Z';
}

function statusOf(pid: string): { readonly state: string; readonly parent: number } | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name is in parentheses and may contain any character.
    const [state = '', parent = ''] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

function signalIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has exited by itself.
  }
}
