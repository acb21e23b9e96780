import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { adminTokenFile } from './auth';
import { settingsOfThisProcess, type ResolvedSettings } from './config';
import { detailOf, isProblem } from './kernel';
import { startService, type Service } from './service';

/** Another supervisor holds the lock, or a setting is wrong: starting again would not help (EX_CONFIG of sysexits.h). */
const REFUSED_EXIT_CODE = 78;

/** Longer than all that an end in order waits for. */
const END_MS = 30_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  outliveReaders();
  const settings = settingsOfThisProcess();
  const service = await startService(settings);
  for (const line of welcome(service, settings)) say(line);
  endOnSignal(service, settings);
}

/** Who reads what we print may be gone (PM2's daemon where we run under it, a closed pipe): we end in order all the same. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function welcome(service: Service, settings: ResolvedSettings): string[] {
  const token = settings.API_TOKENS.length > 0 ? 'those of API_TOKENS' : `in the file ${adminTokenFile(settings)}`;
  return [
    '',
    'agent-spawner is ready.',
    `  API          ${service.url}/api/agents`,
    `  Swagger UI   ${service.url}/docs`,
    `  Admin token  ${token}`,
    `  Processes    ${pm2Command(settings)} ls   shows the same ones`,
    ...service.warnings().map((warning) => `  Attention    ${warning}`),
    '  Ctrl-C ends agent-spawner; the agents go on.',
    '',
  ];
}

/** How a person reaches the same PM2: plainly, unless PM2_HOME is another than PM2's own. */
function pm2Command(settings: ResolvedSettings): string {
  const isPlain = settings.pm2Home === path.join(homedir(), '.pm2');
  return isPlain ? 'npx pm2' : `PM2_HOME='${settings.pm2Home}' npx pm2`;
}

function endOnSignal(service: Service, settings: ResolvedSettings): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    say('');
    say('agent-spawner ends; the agents go on, and the next start adopts them.');
    say(`  Look at them:  ${pm2Command(settings)} ls`);
    say('  End them:      npm run uninstall');
    setTimeout(endAnyway, END_MS).unref();
    service
      .stop()
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        fail(error);
      });
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

/** A thread inside a call of the system, on a disk that does not answer, would hold up every other way to end. */
function endAnyway(): void {
  writeSync(
    process.stderr.fd,
    `agent-spawner: it could not end in order within ${END_MS / 1_000} s (does the disk of DATA_DIR answer?), and ends now. What was acknowledged is on disk; the agents go on.\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}

function fail(error: unknown): void {
  process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
  const refused = isProblem(error, 'operation-in-progress') || isProblem(error, 'invalid-request');
  process.exit(refused ? REFUSED_EXIT_CODE : 1);
}

main().catch(fail);
