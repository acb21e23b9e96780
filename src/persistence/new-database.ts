import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Made in another process: it takes half a gigabyte for a few seconds, which this one would keep. */
const PROGRAM = `
  const [module, folder, ...parameters] = process.argv.slice(1);
  const { PGlite } = require(module);
  const startParams = [...PGlite.defaultStartParams, ...parameters];
  process.stdin.resume().on('end', () => process.exit(1));
  PGlite.create({ dataDir: folder, startParams }).then((database) => database.close()).then(() => process.exit(0));
`;

/** A folder of Postgres has this file from its first moment on. */
const MARK = 'PG_VERSION';
const NEW = '.new-';

/** A restore on its way: not whole yet, and whole but not at its place. */
export const restoringOf = (folder: string) => `${folder}.restoring`;
export const restoredOf = (folder: string) => `${folder}.restored`;

/**
 * Finishes a restore that was killed between moving the old database away and putting the new one there, and removes what
 * others left that were killed before: they changed nothing. Whoever calls holds the lock of the folder.
 */
export function finishRestore(folder: string): void {
  const whole = restoredOf(folder);
  if (!existsSync(folder) && existsSync(whole)) renameSync(whole, folder);
  for (const left of [restoringOf(folder), whole, ...draftsOf(folder)]) remove(left);
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
  mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
  // Under a name of its own: a process whose parent was killed may be at work on another one for a moment yet.
  const draft = mkdtempSync(`${folder}${NEW}`);
  try {
    await run([require.resolve('@electric-sql/pglite'), draft, ...parameters]);
  } catch (error) {
    remove(draft);
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
}

/** The halves of databases of makers that were killed. */
function draftsOf(folder: string): string[] {
  const above = path.dirname(folder);
  if (!existsSync(above)) return [];
  const begins = [folder, restoringOf(folder)].map((each) => `${path.basename(each)}${NEW}`);
  const names = readdirSync(above).filter((name) => begins.some((begin) => name.startsWith(begin)));
  return names.map((name) => path.join(above, name));
}

/** What cannot be removed now is in nobody's way. */
function remove(left: string): void {
  try {
    rmSync(left, { recursive: true, force: true });
  } catch {
    // The next one tries again.
  }
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', PROGRAM, '--', ...args], {
      // It ends with us: its input ends then.
      stdio: ['pipe', 'ignore', 'pipe'],
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
