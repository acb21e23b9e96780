// npm run check [-- --no-tests]: runs every check that needs no real PM2. Prints one line per step, and stops at the
// first failure. The steps do not depend on each other, so two run at once where the machine has two cores.
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { jestCommand } from './lib/jest.mjs';
import { ensureInstalled, ensureNode, fail, root, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
const tool = (file, ...args) => ({ args: [path.join(root, 'node_modules', file), ...args], env: process.env });
const script = (file, ...args) => ({ args: [path.join(root, 'scripts', file), ...args], env: process.env });
const jest = (project, env) => jestCommand(['--selectProjects', project, '--silent'], env);
const seeds = { SIMULATION_SEEDS: process.env.SIMULATION_SEEDS ?? '500' };
// Slow steps come first, so that none of them is left to run alone at the end.
const steps = [
  ...(process.argv.includes('--no-tests')
    ? []
    : [
        ['simulation', jest('simulation', seeds)],
        ['unit tests', jest('unit')],
      ]),
  ['lint', tool('eslint/bin/eslint.js', '--max-warnings=0', '.')],
  ['types', tool('typescript/bin/tsc', '-p', 'tsconfig.check.json')],
  [
    'layers',
    tool(
      ...['dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs'],
      ...['--output-type', 'err', 'src', 'test'],
    ),
  ],
  ['format', tool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')],
  ['unused code', tool('knip/bin/knip.js', '--no-progress')],
  ['import graph', script('import-graph.mjs', '--check')],
  ['language', script('language.mjs')],
];

const running = new Set();
const atOnce = Math.min(2, os.availableParallelism());
await Promise.all(Array.from({ length: atOnce }, work));

async function work() {
  for (let next = steps.shift(); next !== undefined; next = steps.shift()) await runStep(next);
}

async function runStep([name, command]) {
  const began = performance.now();
  const { status, output } = await run(command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (status !== 0) {
    for (const child of running) child.kill();
    process.stderr.write(output);
    fail(`check: ${name} failed after ${seconds} s`);
  }
  const summary = /^Tests:\s+(.*)$/m.exec(output)?.[1];
  say(`check: ${name} ok (${seconds} s)${summary === undefined ? '' : `: ${summary}`}`);
}

function run({ args, env }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    const keep = (chunk) => (output += chunk);
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const end = (status) => {
      running.delete(child);
      resolve({ status, output });
    };
    child.once('error', (error) => {
      keep(`${error.message}\n`);
      end(1);
    });
    child.once('close', (status) => end(status ?? 1));
  });
}
