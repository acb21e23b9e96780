'use strict';

/** The configuration that all suites share. `jest -t NAME` at the root searches all of them. */
const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  moduleFileExtensions: ['ts', 'js', 'json'],
  // `npm run mutation` works on copies of the project there.
  modulePathIgnorePatterns: ['<rootDir>/coverage/'],
};

/** Suites that take about a minute or more by design. `npm run test:long` runs them, `npm test` does not. */
const LONG = [
  'test/chaos/chaos.spec.ts',
  'test/contract/supabase/mirror-faults.spec.ts',
  'test/contract/supabase/mirror-refusals.spec.ts',
  'test/contract/supabase/mirror-uploads.spec.ts',
  'test/e2e/backup.spec.ts',
  'test/e2e/crashes.spec.ts',
  'test/e2e/daemon-faults.spec.ts',
  'test/e2e/damaged-database.spec.ts',
  'test/e2e/database-faults.spec.ts',
  'test/e2e/ending.spec.ts',
  'test/e2e/escalation.spec.ts',
  'test/e2e/first-run.spec.ts',
  'test/e2e/fleet.spec.ts',
  'test/e2e/health.spec.ts',
  'test/e2e/heartbeats.spec.ts',
  'test/e2e/herd.spec.ts',
  'test/e2e/hostile-headers.spec.ts',
  'test/e2e/hostile-wire.spec.ts',
  'test/e2e/killed-programs.spec.ts',
  'test/e2e/mcp-conformance.spec.ts',
  'test/e2e/mirror-faults.spec.ts',
  'test/e2e/operator-shell.spec.ts',
  'test/e2e/readiness.spec.ts',
  'test/e2e/restore.spec.ts',
  'test/e2e/secrets.spec.ts',
  'test/e2e/shared-daemon.spec.ts',
  'test/e2e/supervisor-death.spec.ts',
  'test/e2e/time.spec.ts',
  'test/e2e/under-pm2.spec.ts',
  'test/integration/backup.spec.ts',
  'test/integration/hostile-backup.spec.ts',
  'test/integration/killed-restore.spec.ts',
  'test/simulation/without.spec.ts',
];

const suite = (displayName, testMatch, testPathIgnorePatterns = LONG) => ({
  ...shared,
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  testPathIgnorePatterns: testPathIgnorePatterns.map((file) => `<rootDir>/${file.replaceAll('.', '\\.')}$`),
});

module.exports = {
  projects: [
    suite('unit', ['src/**/*.spec.ts', 'test/chaos/schedule.spec.ts']),
    suite('simulation', ['test/simulation/**/*.spec.ts']),
    suite('contract', ['test/contract/**/*.spec.ts']),
    suite('integration', ['test/integration/**/*.spec.ts']),
    suite('e2e', ['test/e2e/**/*.spec.ts']),
    suite('long', LONG, []),
  ],
  testTimeout: 120_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
};
