// npm run chaos -- [--seed S] [--minutes M] [--guard off] [--only KIND] [--latencies N]: runs the real service on the
// real PM2 under random faults.
import { parseArgs } from 'node:util';
import { runJest } from './lib/jest.mjs';
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
const text = { type: 'string' };
const { values } = parseArgs({ options: { seed: text, minutes: text, guard: text, latencies: text, only: text } });
const env = {
  CHAOS_SEED: values.seed ?? '1',
  CHAOS_MINUTES: values.minutes ?? '10',
  CHAOS_GUARD: values.guard ?? 'on',
  CHAOS_LATENCIES: values.latencies ?? '20',
  CHAOS_ONLY: values.only ?? '',
};
process.exit(runJest(['test/chaos/chaos.spec.ts', '--selectProjects', 'long'], { env }).status ?? 1);
