// npm test [-- jest's own arguments]: every test, in a fresh clone too.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runJest } from './lib/jest.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-jest-'));
const report = path.join(folder, 'report.json');
const { status } = runJest(['--json', `--outputFile=${report}`, '--maxWorkers=2', ...process.argv.slice(2)], {
  // With --json Jest prints its report to standard output; the file has it already.
});
try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
} catch {
  say('Jest left no report.');
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
