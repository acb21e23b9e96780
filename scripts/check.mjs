// npm run check [-- --no-tests]: runs every check that needs no real PM2. Prints one line per step and stops at the
// first failure.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { runJest } from './lib/jest.mjs';
import { ensureInstalled, ensureNode, fail, root, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
const tool =
  (...words) =>
  () =>
    runTool(words);
const withTests = !process.argv.includes('--no-tests');
const steps = [
  ['format', tool('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.')],
  ['types', tool('typescript/bin/tsc', '-p', 'tsconfig.check.json')],
  ['lint', tool('eslint/bin/eslint.js', '--max-warnings=0', '.')],
  [
    'layers',
    tool(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err',
      'src',
      'test',
    ),
  ],
  ['import graph', () => spawnSync(process.execPath, ['scripts/import-graph.mjs', '--check'], piped)],
  ['unused code', tool('knip/bin/knip.js', '--no-progress')],
  ['language', () => spawnSync(process.execPath, ['scripts/language.mjs'], piped)],
];
const tests = [
  ['unit tests', () => runJest(['--selectProjects', 'unit', '--silent'], { quiet: true })],
  [
    'simulation',
    () =>
      runJest(['--selectProjects', 'simulation', '--silent'], {
        quiet: true,
        env: { SIMULATION_SEEDS: process.env.SIMULATION_SEEDS ?? '500' },
      }),
  ],
];
const piped = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };

for (const [name, step] of withTests ? [...steps, ...tests] : steps) {
  const began = performance.now();
  const { status, stdout, stderr } = step();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    fail(`check: ${name} failed after ${seconds} s`);
  }
  const summary = /^Tests:\s+(.*)$/m.exec(stderr ?? '')?.[1];
  say(`check: ${name} ok (${seconds} s)${summary === undefined ? '' : `: ${summary}`}`);
}

function runTool([file, ...args]) {
  return spawnSync(process.execPath, [path.join(root, 'node_modules', file), ...args], piped);
}
