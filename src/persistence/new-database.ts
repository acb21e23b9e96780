import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Made in another process: it takes half a gigabyte for a few seconds, which this one would keep. */
const PROGRAM = `
  const [module, folder, ...parameters] = process.argv.slice(1);
  const { PGlite } = require(module);
  const startParams = [...PGlite.defaultStartParams, ...parameters];
  PGlite.create({ dataDir: folder, startParams }).then((database) => database.close());
`;

/** A folder of Postgres has this file from its first moment on. */
const MARK = 'PG_VERSION';

/** Finishes a restore that was killed between moving the old database away and putting the new one there. */
export function finishRestore(folder: string): void {
  const whole = `${folder}.restored`;
  if (!existsSync(folder) && existsSync(whole)) renameSync(whole, folder);
}

export function isDatabase(folder: string): boolean {
  return existsSync(path.join(folder, MARK));
}

/**
 * Makes an empty database in `folder`, where there is none: beside it and then in one step, so that a kill in the middle
 * leaves no half of one behind.
 *
 * @throws Error with what the other process said, or with what lies in its place
 */
export async function makeDatabaseIn(folder: string, parameters: readonly string[]): Promise<void> {
  if (isDatabase(folder)) return;
  // Something else lies there, or a damaged one: PGlite would make an empty one over it.
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`it has no ${MARK}, so it is no whole database`);
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
  mkdirSync(draft, { mode: 0o700 });
  await run([require.resolve('@electric-sql/pglite'), draft, ...parameters]);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', PROGRAM, '--', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {},
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`making it ended with ${code ?? signal ?? 'nothing'}: ${said.trim()}`));
    });
  });
}
