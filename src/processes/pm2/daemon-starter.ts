import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { Problem, withTimeout, type Clock } from '../../kernel';
import { pickInherited } from '../launch/agent-environment';
import { HOME_FOLDERS, Pm2Home } from './pm2-home';

/** Time limit of one attempt. On a slow machine, the next attempt continues to wait for the same daemon. */
const START_TIMEOUT_MS = 10_000;
/** A daemon that is not up after this time is considered hung, and is killed. */
const GIVE_UP_MS = 60_000;
const POLL_MS = 200;
/**
 * A daemon binds its two sockets in the same moment. If it answers on one for this long and is not ready, another
 * daemon that was started at the same moment took the other socket, and it waits forever.
 */
const HALF_UP_MS = 3_000;

export interface DaemonStarterOptions {
  readonly home: string;
  readonly clock: Pick<Clock, 'after'>;
  /** Returns the pid of the process that answers at the daemon's socket; null if no process does or it is unknown. */
  readonly findAnsweringPid?: () => Promise<number | null>;
  readonly script?: string;
  readonly startTimeoutMs?: number;
  readonly giveUpMs?: number;
}

/** A daemon that was started and is not up yet. */
interface Starting {
  readonly child: ChildProcess;
  readonly up: Promise<void>;
}

/**
 * Starts a PM2 daemon for one home, one at a time. The caller holds the lock of the home, so two supervisors never
 * start a daemon at once (PM2-FACTS, 8). A shell still may. Of two daemons, the one that lacks a socket waits forever.
 * If that one was started here, it is killed.
 */
export class DaemonStarter {
  private starting: Starting | null = null;

  constructor(private readonly options: DaemonStarterOptions) {}

  /**
   * Waits until a daemon is online. A later call continues to wait for a daemon whose earlier call timed out.
   *
   * @throws Problem `process-manager-unavailable`
   */
  async start(): Promise<void> {
    const { startTimeoutMs = START_TIMEOUT_MS } = this.options;
    const { child, up } = (this.starting ??= this.launch());
    await withTimeout(this.options.clock, up, startTimeoutMs, () =>
      this.createProblem(
        `(pid ${child.pid ?? 'unknown'}) is not up after ${startTimeoutMs / 1000} s; the next attempt continues to wait for it`,
      ),
    );
  }

  /** Kills a daemon that is still starting. */
  close(): void {
    this.starting?.child.kill('SIGKILL');
  }

  private launch(): Starting {
    const { giveUpMs = GIVE_UP_MS } = this.options;
    const child = spawnDaemon(this.options);
    const up = new Promise<void>((resolve, reject) => {
      const settle = (outcome: () => void) => {
        timer.cancel();
        clearInterval(polling);
        child.removeAllListeners();
        if (child.connected) child.disconnect();
        child.unref();
        this.starting = null;
        outcome();
      };
      const fail = (detail: string) => {
        settle(() => {
          reject(this.createProblem(detail));
        });
      };
      let halfUpPolls = 0;
      const onAnswering = (pid: number | null) => {
        if (pid === null || !child.connected) return;
        halfUpPolls = pid === child.pid ? halfUpPolls + 1 : 0;
        const isHalfUp = halfUpPolls * POLL_MS >= HALF_UP_MS;
        if (pid === child.pid && !isHalfUp) return;
        child.kill('SIGKILL');
        settle(() => {
          resolve(isHalfUp ? this.startNext() : undefined);
        });
      };
      const polling = setInterval(() => {
        void this.options.findAnsweringPid?.().then(onAnswering);
      }, POLL_MS);
      const timer = this.options.clock.after(giveUpMs, () => {
        child.kill('SIGKILL');
        fail(`(pid ${child.pid ?? 'unknown'}) was not up after ${giveUpMs / 1000} s, and was killed`);
      });
      child.once('error', (error) => {
        fail(`could not be started: ${error.message}`);
      });
      child.once('exit', (code, signal) => {
        fail(`exited while starting (${code ?? signal ?? 'unknown'})`);
      });
      child.once('message', () => {
        settle(resolve);
      });
    });
    // Avoid an unhandled rejection: between two attempts, no caller awaits this promise.
    up.catch(() => undefined);
    return { child, up };
  }

  private startNext(): Promise<void> {
    this.starting = this.launch();
    return this.starting.up;
  }

  private createProblem(detail: string): Problem {
    const { daemonLog } = new Pm2Home(this.options.home);
    return new Problem('process-manager-unavailable', `PM2's daemon ${detail}. See ${daemonLog}.`);
  }
}

function spawnDaemon({ home, script = require.resolve('pm2/lib/Daemon.js') }: DaemonStarterOptions): ChildProcess {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const folder of HOME_FOLDERS) mkdirSync(path.join(home, folder), { recursive: true, mode: 0o700 });
  // Any PM2 client can read the daemon's environment, so it gets only what it needs to find programs.
  const environment = {
    PM2_HOME: home,
    SILENT: 'true',
    PM2_DISABLE_VERSION_CHECK: '1',
    PM2_KILL_SIGNAL: 'SIGTERM',
    ...pickInherited(process.env),
  };
  const log = openSync(new Pm2Home(home).daemonLog, 'a', 0o600);
  try {
    return spawn(process.execPath, ['-r', path.join(__dirname, 'daemon-preload.cjs'), script], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log, 'ipc'],
      env: environment,
    });
  } finally {
    closeSync(log);
  }
}
