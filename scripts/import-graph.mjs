// Writes the graph of imports between the modules into docs/architecture.md, or with --check says whether it is true.
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
const moduleOf = (source) => /^src\/([^/]+)\//.exec(source)?.[1] ?? (/^src\/[^/]+\.ts$/.test(source) ? 'app' : null);
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
if (begin < 0 || end < begin) fail(`${file} has no place for the graph.`);
const next = text.slice(0, begin) + graph + text.slice(end + END.length);
if (next === text) process.exit(0);
if (process.argv.includes('--check'))
  fail('The import graph in docs/architecture.md is not true any more. Run: npm run graph');
writeFileSync(file, next);
