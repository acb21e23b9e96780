import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import packageJson from '../package.json';
import { configureHttp } from './api';
import { AgentSpawnerModule } from './app.module';
import { OwnAddress, type ResolvedSettings } from './config';
import { AgentSupervisor, SelfHealingLoop, Supervision } from './healing';
import { HealthMonitor } from './health';
import { lockFacts } from './lock-facts';
import {
  Backups,
  Database,
  InstanceLock,
  MIRROR_RESTORED,
  Retention,
  SupabaseMirror,
  WriteQueue,
  type MirrorRestored,
} from './persistence';
import { Notifications } from './notifications';
import { AgentRegistry } from './registry';
import { inspectorForThisMachine, PROCESS_RUNTIME, type ProcessRuntime } from './runtime';

const FLUSH_MS = 5_000;

/** A running agent-spawner. */
export interface Service {
  readonly app: NestExpressApplication;
  /** Where the API listens. */
  readonly url: string;
  /** What does not work at the start, in one line each: what it is and what to do. */
  warnings(): string[];
  /** Ends the service, never the agents: what waits is written, the locks are given back. */
  stop(): Promise<void>;
}

/**
 * Starts the whole service: locks, database, API, healing, and at the first start the agents that are there from then on.
 *
 * @throws Problem that says what is in the way; nothing is left behind then
 */
export async function startService(settings: ResolvedSettings): Promise<Service> {
  const locks = acquireLocks(settings);
  try {
    const app = await NestFactory.create<NestExpressApplication>(AgentSpawnerModule.with(settings), {
      bodyParser: false,
      abortOnError: false,
      logger: false,
    });
    configureHttp(app, settings, packageJson.version);
    await app.init();
    app.useLogger(app.get(Logger));
    await app.get(SupabaseMirror).begin();
    await app.get(Supervision).load();
    await app.listen(settings.PORT, settings.HOST);
    await beginHealing(app, settings);
    return { app, url: await app.getUrl(), warnings: () => warningsOf(app), stop: () => stop(app, locks) };
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}

function warningsOf(app: NestExpressApplication): string[] {
  const error = app.get(AgentSupervisor).processManagerError();
  return [
    ...(error === null ? [] : [`PM2 cannot be used: ${error}`]),
    ...restoreWarnings(app.get<MirrorRestored | null>(MIRROR_RESTORED)),
    ...missingValues(app.get(AgentRegistry)),
  ];
}

function restoreWarnings(restored: MirrorRestored | null): string[] {
  if (restored === null) return [];
  const { from, rows } = restored;
  return [`Restored ${rows} rows of ${from} from the mirror: every agent is stopped until you start it.`];
}

/** Said at each start until it is done. */
function missingValues(registry: AgentRegistry): string[] {
  return registry
    .listAgents()
    .filter(({ missingEnv }) => missingEnv.length > 0)
    .map(
      ({ agentId, missingEnv }) =>
        `${agentId} cannot be spawned before the values of ${missingEnv.join(', ')} are set: PATCH /api/agents/${agentId} with {"env": {...}}.`,
    );
}

async function beginHealing(app: NestExpressApplication, settings: ResolvedSettings): Promise<void> {
  const address: unknown = app.getHttpServer().address();
  if (typeof address === 'object' && address !== null && 'port' in address) {
    app.get(OwnAddress).port = Number(address.port);
  }
  app.get(Supervision).record('supervisor.started', { version: packageJson.version, pid: process.pid });
  await app.get(SelfHealingLoop).run(settings.HEALING_INTERVAL_SECONDS);
  app.get(Notifications).begin();
  app.get(HealthMonitor).startLoop(settings.HEALTH_INTERVAL_SECONDS);
  await app.get(AgentRegistry).seedFirstStart();
  app.get(Retention).begin();
  app.get(Backups).begin();
}

async function stop(app: NestExpressApplication, locks: readonly InstanceLock[]): Promise<void> {
  app.get(HealthMonitor).stopLoop();
  await app.get(Notifications).end();
  app.get(Retention).end();
  app.get(SelfHealingLoop).stop();
  app.get(AgentSupervisor).end();
  app.get(Supervision).record('supervisor.stopped', { pid: process.pid });
  await app.get<ProcessRuntime>(PROCESS_RUNTIME).close();
  await app.close();
  const queue = app.get(WriteQueue);
  if (!(await queue.flush(FLUSH_MS)))
    app.get(Logger).warn({ changes: queue.size }, 'the database did not take everything; the next start looks anew');
  await app.get(SupabaseMirror).end();
  await app.get(Backups).end();
  await app.get(Database).close();
  for (const lock of locks) lock.release();
}

/** One supervisor a database and a PM2: of either, a second would undo what the first does. */
function acquireLocks(settings: ResolvedSettings): InstanceLock[] {
  const facts = lockFacts(inspectorForThisMachine());
  const locks: InstanceLock[] = [];
  try {
    for (const folder of new Set([settings.dataDir, settings.pm2Home])) locks.push(InstanceLock.acquire(folder, facts));
    return locks;
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}
