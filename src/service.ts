import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import packageJson from '../package.json';
import { configureHttp } from './api';
import { AgentSpawnerModule } from './app.module';
import { OpenResources, OwnAddress, SystemClock, type ResolvedSettings } from './config';
import { AgentSupervisor } from './healing';
import { isSettledWithin, messageOf } from './kernel';
import { Lifecycle } from './lifecycle';
import { MirrorRestore } from './mirror';
import { InstanceLock, lockFacts } from './persistence';
import { AgentRegistry } from './registry';
import { createProcessInspector } from './processes/read-only';

/** Limit for closing everything after a failed start. */
const CLOSE_MS = 15_000;

/** A running agent-spawner. */
export interface Service {
  readonly app: NestExpressApplication;
  /** URL of the API. */
  readonly url: string;
  /** Returns the faults that the start found, one line each: what happened and what to do. */
  warnings(): string[];
  /** Stops the service, never the agents. Waiting changes are written, and the locks are released. */
  stop(): Promise<void>;
}

/**
 * Starts the whole service: locks, database, API and healing. The first start also registers the first-start agents.
 *
 * @throws Problem that says why the start failed; everything that it opened is closed first
 */
export async function startService(settings: ResolvedSettings): Promise<Service> {
  const locks = await acquireLocks(settings);
  const resources = new OpenResources();
  let app: NestExpressApplication | null = null;
  try {
    const created = await NestFactory.create<NestExpressApplication>(AgentSpawnerModule.with(settings, resources), {
      bodyParser: false,
      abortOnError: false,
      logger: false,
    });
    app = created;
    await startParts(created, settings);
    return {
      app: created,
      url: await created.getUrl(),
      warnings: () => warningsOf(created),
      stop: () => stop(created, resources, locks),
    };
  } catch (error) {
    await closeFailedStart(app, resources);
    for (const lock of locks) lock.release();
    throw error;
  }
}

/** Starts the parts. `start-order.ts` states the order. Requests are held until every agent is registered. */
async function startParts(app: NestExpressApplication, settings: ResolvedSettings): Promise<void> {
  const gate = configureHttp(app, settings, packageJson.version);
  app.useLogger(app.get(Logger));
  await app.listen(settings.PORT, settings.HOST);
  recordAddress(app);
  await app.get(Lifecycle).start(() => {
    gate.open();
  });
}

function recordAddress(app: NestExpressApplication): void {
  const address: unknown = app.getHttpServer().address();
  if (typeof address === 'object' && address !== null && 'port' in address) {
    app.get(OwnAddress).port = Number(address.port);
  }
}

/** Closes what a failed start opened. An error here is only printed, so that the caller still gets the cause of the failed start. */
async function closeFailedStart(app: NestExpressApplication | null, resources: OpenResources): Promise<void> {
  const close = async () => {
    if (app !== null) await app.close();
    await resources.close();
  };
  const isClosed = await isSettledWithin(new SystemClock(), close().catch(reportCloseFailure), CLOSE_MS);
  if (!isClosed) reportCloseFailure(`it took longer than ${CLOSE_MS / 1_000} s`);
}

function reportCloseFailure(error: unknown): void {
  process.stderr.write(`agent-spawner: the parts of the failed start could not be closed: ${messageOf(error)}\n`);
}

function warningsOf(app: NestExpressApplication): string[] {
  const error = app.get(AgentSupervisor).processManagerError();
  return [
    ...(error === null ? [] : [`PM2 is unavailable: ${error}`]),
    ...restoreWarnings(app.get(MirrorRestore)),
    ...missingValues(app.get(AgentRegistry)),
  ];
}

function restoreWarnings({ restored }: MirrorRestore): string[] {
  if (restored === null) return [];
  const { from, rows } = restored;
  return [
    `Restored ${rows} rows of ${from} from the mirror: every agent is stopped until you start it. The mirror has no values of healthHeaders: set them with PATCH for the agents whose checks need them.`,
  ];
}

/** Lists missing values of `env`. Shown at every start until they are set. */
function missingValues(registry: AgentRegistry): string[] {
  return registry
    .listAgents()
    .filter(({ missingEnv }) => missingEnv.length > 0)
    .map(
      ({ agentId, missingEnv }) =>
        `${agentId} cannot be spawned before the values of ${missingEnv.join(', ')} are set: PATCH /api/agents/${agentId} with {"env": {...}}.`,
    );
}

async function stop(
  app: NestExpressApplication,
  resources: OpenResources,
  locks: readonly InstanceLock[],
): Promise<void> {
  await app.close();
  await resources.close();
  for (const lock of locks) lock.release();
}

/** Locks DATA_DIR and PM2_HOME. A second supervisor on either would undo what the first one does. */
function acquireLocks({ dataDir, pm2Home }: ResolvedSettings): Promise<InstanceLock[]> {
  return InstanceLock.acquireAll([dataDir, pm2Home], lockFacts(createProcessInspector()));
}
