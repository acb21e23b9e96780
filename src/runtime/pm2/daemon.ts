import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Problem } from '../../kernel';

const START_TIMEOUT_MS = 10_000;
/** Beyond what it takes to find programs, the daemon gets nothing of ours: any client can read its environment. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SHELL'] as const;

const LOOK_MS = 200;

/**
 * Starts a daemon of our own PM2 for `home` and waits until it is online. The caller holds the lock of `home`, so that
 * two of ours never start one at once (PM2-FACTS, 8); a shell may all the same. Of two the one that has no socket waits
 * for ever: if that is ours, it is ended.
 *
 * @param whoAnswers the process that is reached at the daemon's socket; null: nobody, or nobody knows
 * @throws Problem `process-manager-unavailable`
 */
export async function startDaemon(
  home: string,
  whoAnswers: () => Promise<number | null> = () => Promise.resolve(null),
): Promise<void> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const folder of ['logs', 'pids']) mkdirSync(path.join(home, folder), { recursive: true, mode: 0o700 });
  const log = openSync(path.join(home, 'pm2.log'), 'a', 0o600);
  try {
    await launch(home, log, whoAnswers);
  } finally {
    closeSync(log);
  }
}

function launch(home: string, log: number, whoAnswers: () => Promise<number | null>): Promise<void> {
  const environment: Record<string, string> = {
    PM2_HOME: home,
    SILENT: 'true',
    PM2_DISABLE_VERSION_CHECK: '1',
    PM2_KILL_SIGNAL: 'SIGTERM',
  };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return new Promise((resolve, reject) => {
    const daemon = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log, 'ipc'],
      env: environment,
    });
    const settled = () => {
      clearTimeout(timer);
      clearInterval(looking);
      daemon.removeAllListeners();
      if (daemon.connected) daemon.disconnect();
      daemon.unref();
    };
    const failed = (detail: string) => {
      settled();
      reject(new Problem('process-manager-unavailable', `PM2's daemon ${detail}; see ${path.join(home, 'pm2.log')}.`));
    };
    const looking = setInterval(() => {
      void whoAnswers().then((other) => {
        if (other === null || other === daemon.pid || !daemon.connected) return;
        settled();
        daemon.kill('SIGKILL');
        resolve();
      });
    }, LOOK_MS);
    const timer = setTimeout(() => {
      failed(`(pid ${daemon.pid ?? 'unknown'}) did not come up within ${START_TIMEOUT_MS / 1000} s`);
    }, START_TIMEOUT_MS);
    daemon.once('error', (error) => {
      failed(`could not be started: ${error.message}`);
    });
    daemon.once('exit', (code, signal) => {
      failed(`ended while it started (${code ?? signal ?? 'unknown'})`);
    });
    daemon.once('message', () => {
      settled();
      resolve();
    });
  });
}

/** The pid that the daemon of `home` wrote down; null: none, or no number. */
export function daemonPid(home: string): number | null {
  try {
    const pid = Number(readFileSync(path.join(home, 'pm2.pid'), 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/** Writes down who the daemon of `home` is, where PM2's file names another. */
export function noteDaemonPid(home: string, pid: number): void {
  writeFileSync(path.join(home, 'pm2.pid'), String(pid));
}

/** When the daemon of `home` was started, epoch milliseconds: it writes its pid down then; null: nobody knows. */
export function daemonBornAt(home: string): number | null {
  return statSync(path.join(home, 'pm2.pid'), { throwIfNoEntry: false })?.mtimeMs ?? null;
}
