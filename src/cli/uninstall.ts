import path from 'node:path';
import { homedir } from 'node:os';
import { settingsOfThisProcess, SystemClock, type ResolvedSettings } from '../config';
import { detailOf, sleep } from '../kernel';
import { Database, InstanceLock, lockFacts } from '../persistence';
import {
  entryRefOf,
  createProcessInspector,
  Pm2ProcessManager,
  readSigningKey,
  type DaemonIdentity,
  type ListedProcess,
  type UnlistedProcess,
} from '../processes';
import { existsSync } from 'node:fs';
import { runCommand } from './run-command';

const KILL_TIMEOUT_MS = 10_000;
const DAEMON_STOP_MS = 10_000;
/** Time for the service to write waiting changes and a last backup. */
const SERVICE_STOP_MS = 30_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Kills what agent-spawner started, and PM2's daemon if it runs nothing else. Deletes no file. */
class Uninstallation {
  private readonly inspector = createProcessInspector();
  private readonly clock = new SystemClock();
  private readonly runtime: Pm2ProcessManager;
  private failures = 0;

  constructor(private readonly settings: ResolvedSettings) {
    const key = readSigningKey(settings.dataDir);
    this.runtime = new Pm2ProcessManager({
      pm2Home: settings.pm2Home,
      clock: this.clock,
      inspector: this.inspector,
      key,
    });
  }

  /** Runs the uninstallation. @returns the exit code */
  async run(): Promise<number> {
    const locks = await this.lock();
    try {
      await this.forgetRuns();
      const daemon = await this.connect();
      if (daemon === null) {
        say(`No PM2 daemon is running in ${this.settings.pm2Home}.`);
        await this.killOrphans(this.runtime.findMarked());
      } else await this.killAgents(daemon);
      this.printRemains();
      return this.failures === 0 ? 0 : 1;
    } finally {
      await this.runtime.close();
      for (const lock of locks) lock.release();
    }
  }

  /**
   * Stops a running service and takes its locks. The service would otherwise restart the agents that are killed here.
   */
  private async lock(): Promise<InstanceLock[]> {
    const { inspector } = this;
    const facts = lockFacts(inspector);
    const holder = InstanceLock.holder(this.settings.dataDir, facts);
    if (holder !== null) {
      say(`Stopping the running agent-spawner (pid ${holder.pid}) ...`);
      process.kill(holder.pid, 'SIGTERM');
      const end = this.clock.now() + SERVICE_STOP_MS;
      const isAlive = () => InstanceLock.holder(this.settings.dataDir, facts)?.pid === holder.pid;
      while (isAlive() && this.clock.now() < end) await sleep(this.clock, 50);
    }
    return InstanceLock.acquireAll([this.settings.dataDir, this.settings.pm2Home], facts);
  }

  /**
   * Deletes the saved states, so that the next start launches what should run. Otherwise it would take the missing
   * processes for deletions by the operator.
   */
  private async forgetRuns(): Promise<void> {
    const folder = path.join(this.settings.dataDir, 'db');
    if (!existsSync(folder)) return;
    try {
      const database = await Database.open(folder);
      try {
        await database.transaction((tx) => tx.deleteFrom('local.supervision').execute());
      } finally {
        await database.close();
      }
    } catch (error) {
      this.failures += 1;
      say(`The saved states could not be deleted, so the next start may keep agents stopped: ${detailOf(error)}`);
    }
  }

  private async connect(): Promise<DaemonIdentity | null> {
    try {
      return await this.runtime.connect(false);
    } catch (error) {
      if (existsSync(path.join(this.settings.pm2Home, 'pm2.pid'))) say(detailOf(error));
      return null;
    }
  }

  private async killAgents(daemon: DaemonIdentity): Promise<void> {
    const snapshot = await this.runtime.snapshot(true);
    // Operators may run their own programs in the same namespace. Only an entry with a run token belongs to the
    // supervisor.
    const ours = snapshot.listed.filter(({ runId }) => runId !== null);
    await Promise.all(ours.map((entry) => this.killEntry(entry, snapshot.daemon)));
    await this.killOrphans(snapshot.unlisted);
    const others = await this.runtime.otherEntries();
    if (others.length > 0) {
      say(`PM2's daemon (pid ${daemon.pid}) keeps running: it also runs ${others.join(', ')}.`);
      return;
    }
    await this.stopDaemon(daemon);
  }

  private async killEntry(entry: ListedProcess, daemon: DaemonIdentity): Promise<void> {
    const { agentId } = entry;
    if (entry.process !== null) {
      const target = { agentId, runId: null, process: entry.process };
      const outcome = await this.runtime.terminate(target, KILL_TIMEOUT_MS);
      if (outcome.kind === 'alive') {
        this.failures += 1;
        say(`${agentId}: process ${outcome.pids.join(', ')} could not be killed.`);
        return;
      }
      say(`${agentId}: killed (pid ${entry.process.pid}).`);
    }
    await this.runtime.deleteEntry(entryRefOf(daemon, entry));
  }

  private async killOrphans(orphans: readonly UnlistedProcess[]): Promise<void> {
    for (const orphan of orphans) {
      const outcome = await this.runtime.terminateProcess(orphan.process, KILL_TIMEOUT_MS);
      const isGone = outcome.kind === 'gone';
      if (!isGone) this.failures += 1;
      const what = `orphan ${isGone ? 'killed' : 'could not be killed'} (pid ${orphan.process.pid})`;
      say(`${orphan.agentId}: ${what}.`);
    }
  }

  private async stopDaemon(daemon: DaemonIdentity): Promise<void> {
    await this.runtime.close();
    if (!this.inspector.isAlive(daemon)) return;
    process.kill(daemon.pid, 'SIGTERM');
    const end = this.clock.now() + DAEMON_STOP_MS;
    while (this.inspector.isAlive(daemon) && this.clock.now() < end) await sleep(this.clock, 50);
    const isStopped = !this.inspector.isAlive(daemon);
    if (!isStopped) this.failures += 1;
    say(
      isStopped
        ? `PM2's daemon (pid ${daemon.pid}) had no other processes: stopped.`
        : `PM2's daemon (pid ${daemon.pid}) could not be stopped.`,
    );
  }

  private printRemains(): void {
    const { dataDir, pm2Home } = this.settings;
    say('');
    say('These remain. Remove or keep them:');
    say(`  ${dataDir}   the database, its backups, the admin token and the signing key; npm start continues with them`);
    say(`  ${pm2Home}   PM2's own folder, with the logs of the agents`);
    say(`  ${path.join(process.cwd(), 'node_modules')} and dist   the installed packages and the build`);
  }
}

async function main(): Promise<number> {
  const settings = settingsOfThisProcess();
  if (!existsSync(settings.dataDir)) {
    say(`Nothing to uninstall: ${settings.dataDir.replace(homedir(), '~')} does not exist.`);
    return 0;
  }
  return new Uninstallation(settings).run();
}

runCommand(main);
