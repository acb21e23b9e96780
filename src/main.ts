import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { adminTokenFile } from './auth';
import { settingsOfThisProcess, type ResolvedSettings } from './config';
import { ShutdownOnSignal } from './shutdown-on-signal';
import { detailOf, isProblem } from './kernel';
import { startService, type Service } from './service';

/**
 * Exit code if another supervisor holds the lock, or a setting is invalid. A process manager must not restart the service
 * then (EX_CONFIG of sysexits.h; docs/running.md).
 */
const REFUSED_EXIT_CODE = 78;

/** Limit of an orderly shutdown. Must exceed the sum of all waits in it. */
const SHUTDOWN_MS = 30_000;

/** true: a standard stream is a terminal. Read at the start, because the terminal may be gone later. */
const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  ignoreWriteErrors();
  const settings = settingsOfThisProcess();
  // Must come first: a signal during the start would otherwise kill the process without a flush.
  const shutdown = shutDownOnSignal(settings);
  const service = await startService(settings);
  if (!shutdown.isShuttingDown) for (const line of formatWelcome(service, settings)) say(line);
  shutdown.onStarted(service);
}

/**
 * Ignores write errors on stdout and stderr. Their reader may be gone (PM2's daemon, a closed pipe), but the
 * service must still shut down in order.
 */
function ignoreWriteErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function formatWelcome(service: Service, settings: ResolvedSettings): string[] {
  const token = settings.API_TOKENS.length > 0 ? 'those of API_TOKENS' : `in the file ${adminTokenFile(settings)}`;
  return [
    '',
    'agent-spawner is ready.',
    `  API          ${service.url}/api/agents`,
    `  Swagger UI   ${service.url}/docs`,
    `  Admin token  ${token}`,
    `  Processes    ${pm2Command(settings)} ls   lists the same processes`,
    ...service.warnings().map((warning) => `  Warning      ${warning}`),
    '  Ctrl-C stops agent-spawner; the agents keep running.',
    '',
  ];
}

/** Returns the shell command that reaches the supervisor's PM2: with PM2_HOME only if it differs from PM2's default. */
function pm2Command(settings: ResolvedSettings): string {
  const isPlain = settings.pm2Home === path.join(homedir(), '.pm2');
  return isPlain ? 'npx pm2' : `PM2_HOME='${settings.pm2Home}' npx pm2`;
}

function shutDownOnSignal(settings: ResolvedSettings): ShutdownOnSignal<Service> {
  const begin = () => {
    say('');
    say('agent-spawner is stopping. The agents keep running, and the next start adopts them.');
    say(`  List the agents:  ${pm2Command(settings)} ls`);
    say('  Kill the agents:  npm run uninstall');
    setTimeout(killSelf, SHUTDOWN_MS).unref();
  };
  const shutdown = new ShutdownOnSignal(begin, shutDown);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      shutdown.onSignal(signal);
    });
  }
  return shutdown;
}

function shutDown(service: Service, signal: NodeJS.Signals): void {
  service
    .stop()
    .then(() => {
      // SIGHUP: the terminal was closed.
      if (signal === 'SIGHUP' && hasTerminal) exitByHangup();
      else process.exit(0);
    })
    .catch((error: unknown) => {
      fail(error);
    });
}

/**
 * Exits by SIGHUP. If the terminal is gone, `process.exit` aborts in Node, which cannot reset a terminal that answers
 * EIO.
 */
function exitByHangup(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/** Kills this process. A thread inside a system call on a hung disk blocks every other way to exit. */
function killSelf(): void {
  writeSync(
    process.stderr.fd,
    `agent-spawner: could not shut down in order within ${SHUTDOWN_MS / 1_000} s and kills itself. Acknowledged changes are on disk, and the agents keep running. Check that the disk of DATA_DIR answers.\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}

function fail(error: unknown): void {
  process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
  const isRefused = isProblem(error, 'operation-in-progress') || isProblem(error, 'invalid-request');
  process.exit(isRefused ? REFUSED_EXIT_CODE : 1);
}

main().catch(fail);
