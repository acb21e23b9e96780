// npm run bench [-- NAME ...]: runs every benchmark, or the named ones. Ratios are measured side by side in one run.
import os from 'node:os';
import { ensureBuilt, ensureInstalled, ensureNode, say } from '../scripts/lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
const all = ['start', 'restart', 'events', 'mirror', 'wait', 'route'];
const named = process.argv.slice(2);
say(`node ${process.versions.node}, ${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}`);
for (const name of named.length > 0 ? named : all) {
  const { run } = await import(`./${name}.mjs`);
  const { title, rows } = await run();
  say(`\n### ${title}\n\n| what | measured |\n| --- | --- |`);
  for (const row of rows) say(`| ${row.join(' | ')} |`);
}
