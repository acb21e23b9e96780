// Ensures what a fresh clone needs before it can run: a supported Node version, the packages, and the build. Each step
// prints a line if it takes time, and does nothing if nothing is missing or stale.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const LOWEST = [20, 19];

export function ensureNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LOWEST[0] || (major === LOWEST[0] && minor >= LOWEST[1])) return;
  fail(
    `agent-spawner needs node ${LOWEST.join('.')} or newer; this is node ${process.versions.node}. Install a newer node.`,
  );
}

export function ensureInstalled() {
  const marker = path.join(root, 'node_modules', '.agent-spawner-installed');
  // The lock file also lists what package.json requires. Other members of package.json need no installation.
  const wanted = digest(['package-lock.json']);
  if (read(marker) === wanted) return;
  runLocked('install', () => {
    if (read(marker) === wanted) return;
    say('Installing packages (npm ci), about half a minute ...');
    run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
    writeFileSync(marker, wanted);
  });
}

export function ensureBuilt() {
  const marker = path.join(root, 'dist', '.agent-spawner-built');
  const wanted = digest(['package-lock.json', 'nest-cli.json', 'tsconfig.json', ...filesBelow('src')]);
  if (read(marker) === wanted) return;
  runLocked('build', () => {
    if (read(marker) === wanted) return;
    say('Building, about ten seconds ...');
    run(process.execPath, [path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build']);
    writeFileSync(marker, wanted);
  });
}

export function say(line) {
  process.stdout.write(`${line}\n`);
}

export function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`${[path.basename(command), ...args].join(' ')} failed${result.error ? `: ${result.error.message}` : '.'}`);
}

/**
 * Runs `work` under a lock, so that two processes never write one folder at once. The second process waits for the
 * lock; `work` must then check whether anything is left to do.
 */
function runLocked(name, work) {
  const lock = path.join(root, `.agent-spawner-${name}.lock`);
  for (let isReported = false; !tryMake(lock);) {
    if (!isHeld(lock)) rmSync(lock, { recursive: true, force: true });
    else if (!isReported) {
      say(`Another ${name} is running; waiting for it ...`);
      isReported = true;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  work();
  process.off('exit', release);
  release();
}

function tryMake(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(path.join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(lock) {
  const pid = Number(read(path.join(lock, 'pid')) ?? 0);
  // The lock was just created, and its pid is not written yet.
  if (pid === 0) return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5000;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(read(path.join(root, file)) ?? '')
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
