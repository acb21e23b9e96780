import { createRequire } from 'node:module';

const { projects, testTimeout } = createRequire(import.meta.url)('./jest.config.js');
const { transform, testEnvironment, moduleFileExtensions } = projects.find(({ displayName }) => displayName === 'unit');
const unit = { transform, testEnvironment, moduleFileExtensions, testTimeout };

/** Mutation tests of the pure decisions (`npm run mutation`). Writes only below `coverage/`, which git ignores. */
export default {
  mutate: [
    'src/healing/machine/**/*.ts',
    'src/circuit/{transitions,saved-circuit}.ts',
    'src/health/verdict.ts',
    '!**/*.spec.ts',
    '!**/index.ts',
  ],
  plugins: ['@stryker-mutator/jest-runner'],
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  jest: {
    // Stryker measures the coverage per test only in a configuration without projects.
    config: { ...unit, projects: [], testMatch: ['<rootDir>/test/mutation/*.spec.ts'] },
    enableFindRelatedTests: false,
  },
  ignorePatterns: ['/.*', '/bench', '/data', '/dist', '/docs', '/examples', '/scripts', '/supabase'],
  tempDirName: 'coverage/stryker',
  reporters: ['clear-text', 'progress', 'html', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
  htmlReporter: { fileName: 'coverage/mutation/index.html' },
  jsonReporter: { fileName: 'coverage/mutation/report.json' },
  concurrency: 2,
  // Stryker ends a mutant that loops by counting its steps. On a busy machine a slow one must not pass for a loop.
  timeoutMS: 60_000,
  thresholds: { high: 90, low: 80, break: 80 },
};
