// Runs a measurement of test/bench in Jest, because the test support code is written in TypeScript.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runJest } from '../../scripts/lib/jest.mjs';
import { root } from '../../scripts/lib/prepare.mjs';

/** @returns the report that the measurement has written */
export function measureInJest(name, rounds) {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-bench-'));
  const report = path.join(folder, 'report.json');
  try {
    const config = path.join(root, 'bench', 'jest.config.cjs');
    const env = { BENCH_REPORT: report, BENCH_ROUNDS: String(rounds) };
    const { status, stderr } = runJest(['--config', config, `test/bench/${name}`], { env, quiet: true });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
