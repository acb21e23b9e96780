// Writes the import graph of the modules into docs/architecture.md; with --check, fails if the graph there is stale.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, root } from './lib/prepare.mjs';

const BEGIN = '<!-- import graph: begin (npm run graph) -->';
const END = '<!-- import graph: end -->';
const file = path.join(root, 'docs', 'architecture.md');

const cruise = spawnSync(
  process.execPath,
  [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'src',
  ],
  { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
);
if (cruise.error) fail(cruise.error.message);
/** Files at the root of src and commands (src/cli) are the application, which may import every module. */
const moduleOf = (source) =>
  /^src\/(?:cli\/(?:[^/]+\/)*)?[^/]+\.ts$/.test(source) ? 'app' : (/^src\/([^/]+)\//.exec(source)?.[1] ?? null);
const edges = new Set();
for (const { source, dependencies } of JSON.parse(cruise.stdout).modules) {
  if (source.endsWith('.spec.ts')) continue;
  for (const { resolved } of dependencies) {
    const [from, to] = [moduleOf(source), moduleOf(resolved)];
    if (from !== null && to !== null && from !== to && from !== 'app') edges.add(`  ${from} --> ${to}`);
  }
}
const graph = [BEGIN, '```mermaid', 'flowchart RL', ...[...edges].sort(), '```', END].join('\n');
const text = readFileSync(file, 'utf8');
const begin = text.indexOf(BEGIN);
const end = text.indexOf(END);
if (begin < 0 || end < begin) fail(`${file} lacks the markers of the import graph: ${BEGIN} and ${END}.`);
const next = text.slice(0, begin) + graph + text.slice(end + END.length);
if (next === text) process.exit(0);
if (process.argv.includes('--check')) fail('The import graph in docs/architecture.md is stale. Run: npm run graph');
writeFileSync(file, next);
