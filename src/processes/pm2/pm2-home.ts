import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Folders that PM2 expects in its home. */
export const HOME_FOLDERS = ['logs', 'pids'] as const;

/** Names the files of a PM2 home, the folder that one daemon and its clients share. */
export class Pm2Home {
  /** Socket of the daemon's RPC. */
  readonly rpcSocket: string;
  /** Socket on which the daemon publishes its events. */
  readonly eventSocket: string;
  /** Log of the daemon itself. */
  readonly daemonLog: string;
  /** File that names the daemon's pid. It outlives its daemon. */
  readonly daemonPidFile: string;

  /** @param folder absolute path of the home */
  constructor(readonly folder: string) {
    this.rpcSocket = path.join(folder, 'rpc.sock');
    this.eventSocket = path.join(folder, 'pub.sock');
    this.daemonLog = path.join(folder, 'pm2.log');
    this.daemonPidFile = path.join(folder, 'pm2.pid');
  }

  /** Returns the log file to which PM2 appends one output stream of an agent. */
  outputFile(agentId: string, stream: 'stdout' | 'stderr'): string {
    return path.join(this.folder, 'logs', `${agentId}-${stream === 'stdout' ? 'out' : 'error'}.log`);
  }

  /** @param pmId number of the entry; null if PM2 has not assigned one yet */
  agentPidFile(agentId: string, pmId: number | null): string {
    return path.join(this.folder, 'pids', pmId === null ? `${agentId}.pid` : `${agentId}-${pmId}.pid`);
  }

  /** Returns the pid in the daemon's pid file; null if the file is missing or invalid. */
  readDaemonPid(): number | null {
    try {
      const pid = Number(readFileSync(this.daemonPidFile, 'utf8'));
      return Number.isInteger(pid) && pid > 1 ? pid : null;
    } catch {
      return null;
    }
  }

  /** Corrects the daemon's pid file if it names another process. */
  writeDaemonPid(pid: number): void {
    writeFileSync(this.daemonPidFile, String(pid));
  }

  /**
   * Returns the start time of the daemon in epoch milliseconds, which is the time at which it wrote its pid file. Null
   * if there is no file.
   */
  readDaemonStart(): number | null {
    return statSync(this.daemonPidFile, { throwIfNoEntry: false })?.mtimeMs ?? null;
  }
}
