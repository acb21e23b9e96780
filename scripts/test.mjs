// npm test [-- arguments for Jest]: runs every suite but the long ones, also in a fresh clone.
// npm run test:long: runs the suites that take a minute or more each. npm run test:all: runs both, as CI does.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runJest } from './lib/jest.mjs';
import { ensureBuilt, ensureInstalled, ensureNode, root, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
/** End-to-end suites keep two cores busy with two workers: each starts a service, a daemon and agents. */
const WORKERS = 2;
const MESSAGE_LINES = 12;
const LINE_LENGTH = 300;
const PROJECTS = {
  short: ['unit', 'simulation', 'contract', 'integration', 'e2e'],
  long: ['long'],
  all: ['unit', 'simulation', 'contract', 'integration', 'e2e', 'long'],
};
const [which = 'short', ...args] = process.argv.slice(2);
// Jest takes every word after this option as a project, so it is the last one.
const projects = ['--selectProjects', ...PROJECTS[which]];
const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-jest-'));
const report = path.join(folder, 'report.json');
const { status } = runJest([...['--json', `--outputFile=${report}`, `--maxWorkers=${WORKERS}`], ...args, ...projects]);
try {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.filter(({ status: outcome }) => outcome === 'failed');
    for (const { fullName, failureMessages } of failed) reportFailure(name, fullName, failureMessages.join('\n'));
    // A suite that did not load has no tests.
    if (assertionResults.length === 0 && message !== '') reportFailure(name, 'the suite', message);
  }
  say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
} catch {
  say('Jest wrote no report.');
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);

/** Repeats a failure at the end of the output, where also a log that keeps only its end has it. */
function reportFailure(file, test, message) {
  const lines = stripVTControlCharacters(message).split('\n');
  const shown = lines
    .filter((line) => !/^\s*$|node_modules|node:internal|at new Promise/.test(line))
    .slice(0, MESSAGE_LINES);
  say(`failed: ${path.relative(root, file)}: ${test}`);
  for (const line of shown) say(`  ${line.slice(0, LINE_LENGTH)}`);
}
