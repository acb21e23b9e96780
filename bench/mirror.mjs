// Measures the upload of a backlog of 20,000 rows to Supabase: the mirror against one plain upsert per table, into the
// same project, in alternating rounds.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runJest } from '../scripts/lib/jest.mjs';
import { root } from '../scripts/lib/prepare.mjs';
import { median } from './lib/bench-service.mjs';

const ROUNDS = 7;

export function run() {
  const { database, backlogs } = measure();
  const title = `A backlog of 20,000 rows to Supabase (median of ${ROUNDS}, alternating rounds; PostgREST before ${database})`;
  return { title, rows: backlogs.flatMap(rowsOf) };
}

/** Runs the measurement in Jest, because the Supabase of the tests is written in TypeScript. */
function measure() {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-bench-'));
  const report = path.join(folder, 'report.json');
  try {
    const config = path.join(root, 'bench', 'jest.config.cjs');
    const env = { BENCH_REPORT: report, BENCH_ROUNDS: String(ROUNDS) };
    const { status, stderr } = runJest(['--config', config, 'mirror'], { env, quiet: true });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf({ name, ...sides }) {
  const [ours, plain, client] = [sides.ours, sides.plain, sides.client].map(({ times }) => median(times));
  const cell = (ms, { requests }) => `${Math.round(ms)} ms, ${requests} requests`;
  return [
    [`${name}: ours`, cell(ours, sides.ours)],
    [`${name}: one plain request per table`, cell(plain, sides.plain)],
    ['ours against plain', `${(ours / plain).toFixed(2)} x`],
    [`${name}: supabase-js, one upsert per table (once)`, cell(client, sides.client)],
    ['ours against supabase-js', `${(ours / client).toFixed(2)} x`],
  ];
}
