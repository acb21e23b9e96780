import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Creates a database in a child process. It needs half a gigabyte for a few seconds, which this process would never
 * give back.
 */
const PROGRAM = `
  const [module, folder, ...parameters] = process.argv.slice(1);
  const { PGlite } = require(module);
  const startParams = [...PGlite.defaultStartParams, ...parameters];
  process.stdin.resume().on('end', () => process.exit(1));
  PGlite.create({ dataDir: folder, startParams }).then((database) => database.close()).then(() => process.exit(0));
`;

/** File that every Postgres folder has from its creation on. */
const MARK = 'PG_VERSION';
const NEW = '.new-';

/** Folders of a restore: one that is not complete yet, and one that is complete but not in its place. */
export const partialRestoreOf = (folder: string) => `${folder}.restoring`;
export const completeRestoreOf = (folder: string) => `${folder}.restored`;

/**
 * Finishes a restore that was killed between moving the old database away and moving the new one in. Removes what
 * restores left that were killed earlier; they changed nothing. The caller must hold the lock of the folder.
 */
export function finishRestore(folder: string): void {
  const whole = completeRestoreOf(folder);
  if (!existsSync(folder) && existsSync(whole)) renameSync(whole, folder);
  for (const left of [partialRestoreOf(folder), whole, ...draftsOf(folder)]) remove(left);
}

export function isDatabase(folder: string): boolean {
  return existsSync(path.join(folder, MARK));
}

/**
 * Returns true for any content, including a restored database that is not in its place yet. Opening the database checks
 * the content.
 */
export function hasContent(folder: string): boolean {
  return existsSync(completeRestoreOf(folder)) || (existsSync(folder) && readdirSync(folder).length > 0);
}

/**
 * Creates an empty database in `folder`, unless it has one. The database is created beside the folder and then renamed,
 * so that a kill leaves no partial database.
 *
 * @throws Error with the output of the child process, or if the folder has other content
 */
export async function makeDatabaseIn(folder: string, parameters: readonly string[]): Promise<void> {
  if (isDatabase(folder)) return;
  // The folder is a damaged database or something else. PGlite would create an empty database over it.
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`it has no ${MARK}, so it is not a complete database`);
  mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
  // A unique name: the child of a killed parent may still write to another draft for a moment.
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

/** Returns the partial databases of processes that were killed. */
function draftsOf(folder: string): string[] {
  const above = path.dirname(folder);
  if (!existsSync(above)) return [];
  const begins = [folder, partialRestoreOf(folder)].map((each) => `${path.basename(each)}${NEW}`);
  const names = readdirSync(above).filter((name) => begins.some((begin) => name.startsWith(begin)));
  return names.map((name) => path.join(above, name));
}

/** Deletes a folder, ignoring errors: a leftover does no harm. */
function remove(left: string): void {
  try {
    rmSync(left, { recursive: true, force: true });
  } catch {
    // The next start tries again.
  }
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', PROGRAM, '--', ...args], {
      // The child exits when its stdin closes, so it cannot outlive this process.
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {},
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2_000);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`creating it failed with ${code ?? signal ?? 'no exit code'}: ${output.trim()}`));
    });
  });
}
