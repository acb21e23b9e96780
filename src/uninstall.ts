import path from 'node:path';
import { homedir } from 'node:os';
import { settingsOfThisProcess, SystemClock, type ResolvedSettings } from './config';
import { detailOf, sleep } from './kernel';
import { lockFacts } from './lock-facts';
import { Database, InstanceLock } from './persistence';
import {
  inspectorForThisMachine,
  Pm2Runtime,
  readSigningKey,
  type DaemonIdentity,
  type ListedProcess,
  type RuntimeSnapshot,
} from './runtime';
import { existsSync } from 'node:fs';

const KILL_TIMEOUT_MS = 10_000;
const DAEMON_END_MS = 10_000;
/** It writes what waits, and a last backup. */
const SERVICE_END_MS = 30_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Ends what agent-spawner started, and PM2's daemon if nothing else is in it. Removes no file. */
class Uninstallation {
  private readonly inspector = inspectorForThisMachine();
  private readonly clock = new SystemClock();
  private readonly runtime: Pm2Runtime;
  private failures = 0;

  constructor(private readonly settings: ResolvedSettings) {
    const key = readSigningKey(settings.dataDir);
    this.runtime = new Pm2Runtime({ pm2Home: settings.pm2Home, clock: this.clock, inspector: this.inspector, key });
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    const locks = await this.lock();
    try {
      await this.forgetRuns();
      const daemon = await this.connect();
      if (daemon === null) say(`No PM2 daemon runs in ${this.settings.pm2Home}.`);
      else await this.endAgents(daemon);
      this.tellWhatIsLeft();
      return this.failures === 0 ? 0 : 1;
    } finally {
      await this.runtime.close();
      for (const lock of locks) lock.release();
    }
  }

  /** A running service would start again what is ended here: it is ended first, as by Ctrl-C. */
  private async lock(): Promise<InstanceLock[]> {
    const { inspector } = this;
    const facts = lockFacts(inspector);
    const holder = InstanceLock.holder(this.settings.dataDir, facts);
    if (holder !== null) {
      say(`Ending the running agent-spawner (pid ${holder.pid}) ...`);
      process.kill(holder.pid, 'SIGTERM');
      const end = this.clock.now() + SERVICE_END_MS;
      while (inspector.facts(holder.pid) !== null && this.clock.now() < end) await sleep(this.clock, 50);
    }
    const folders = new Set([this.settings.dataDir, this.settings.pm2Home]);
    return [...folders].map((folder) => InstanceLock.acquire(folder, facts));
  }

  /** So that the next start launches what should run, and does not take its absence for a deletion by a person. */
  private async forgetRuns(): Promise<void> {
    const folder = path.join(this.settings.dataDir, 'db');
    if (!existsSync(folder)) return;
    try {
      const database = await Database.open(folder);
      await database.transaction((tx) => tx.deleteFrom('local.supervision').execute());
      await database.close();
    } catch (error) {
      say(`The database could not be told: ${detailOf(error)}`);
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

  private async endAgents(daemon: DaemonIdentity): Promise<void> {
    const snapshot = await this.runtime.snapshot(true);
    await Promise.all(snapshot.listed.map((entry) => this.endEntry(entry)));
    await this.endUnlisted(snapshot);
    const others = await this.runtime.otherEntries();
    if (others.length > 0) {
      say(`PM2's daemon (pid ${daemon.pid}) goes on: it also runs ${others.join(', ')}.`);
      return;
    }
    await this.endDaemon(daemon);
  }

  private async endEntry(entry: ListedProcess): Promise<void> {
    const { agentId } = entry;
    if (entry.process !== null) {
      const target = { agentId, runId: null, process: entry.process };
      const outcome = await this.runtime.terminate(target, KILL_TIMEOUT_MS);
      if (outcome.kind === 'alive') {
        this.failures += 1;
        say(`${agentId}: process ${outcome.pids.join(', ')} does not end.`);
        return;
      }
      say(`${agentId}: ended (pid ${entry.process.pid}).`);
    }
    await this.runtime.forget(entry.pmId);
  }

  private async endUnlisted(snapshot: RuntimeSnapshot): Promise<void> {
    for (const found of snapshot.unlisted) {
      const outcome = await this.runtime.endProcess(found.process, KILL_TIMEOUT_MS);
      say(
        `${found.agentId}: a process outside the list ${outcome.kind === 'gone' ? 'ended' : 'does not end'} (pid ${found.process.pid}).`,
      );
    }
  }

  private async endDaemon(daemon: DaemonIdentity): Promise<void> {
    await this.runtime.close();
    if (!this.inspector.isAlive(daemon)) return;
    process.kill(daemon.pid, 'SIGTERM');
    const end = this.clock.now() + DAEMON_END_MS;
    while (this.inspector.isAlive(daemon) && this.clock.now() < end) await sleep(this.clock, 50);
    const ended = !this.inspector.isAlive(daemon);
    if (!ended) this.failures += 1;
    say(
      ended
        ? `PM2's daemon (pid ${daemon.pid}) had nothing else to run: ended.`
        : `PM2's daemon (pid ${daemon.pid}) does not end.`,
    );
  }

  private tellWhatIsLeft(): void {
    const { dataDir, pm2Home } = this.settings;
    say('');
    say('Left, for you to remove or to keep:');
    say(`  ${dataDir}   the database, its backups, the admin token and the signing key; npm start goes on from there`);
    say(`  ${pm2Home}   PM2's own folder, with the logs of the agents`);
    say(`  ${path.join(process.cwd(), 'node_modules')} and dist   the installed packages and the build`);
  }
}

async function main(): Promise<number> {
  const settings = settingsOfThisProcess();
  if (!existsSync(settings.dataDir)) {
    say(`Nothing to end: there is no ${settings.dataDir.replace(homedir(), '~')}.`);
    return 0;
  }
  return new Uninstallation(settings).run();
}

main()
  .then((code) => {
    process.exit(code);
  })
  .catch((error: unknown) => {
    process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
    process.exit(1);
  });
