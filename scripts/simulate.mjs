// npm run simulate -- [--seeds N] [--seed FIRST]: runs the supervisor in a simulated world with seeded faults.
import { parseArgs } from 'node:util';
import { runJest } from './lib/jest.mjs';
import { ensureInstalled, ensureNode } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
const { values } = parseArgs({ options: { seeds: { type: 'string' }, seed: { type: 'string' } } });
const env = { SIMULATION_SEEDS: values.seeds ?? '500', SIMULATION_FIRST_SEED: values.seed ?? '1' };
process.exit(runJest(['--selectProjects', 'simulation'], { env }).status ?? 1);
