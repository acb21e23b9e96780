'use strict';

/** One place for what all suites share; `jest -t NAME` at the root searches every one of them. */
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
};

const suite = (displayName, testMatch) => ({
  ...shared,
  displayName,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

module.exports = {
  projects: [
    suite('unit', ['src/**/*.spec.ts', 'test/chaos/schedule.spec.ts']),
    suite('simulation', ['test/simulation/**/*.spec.ts']),
    suite('contract', ['test/contract/**/*.spec.ts']),
    suite('integration', ['test/integration/**/*.spec.ts']),
    suite('e2e', ['test/e2e/**/*.spec.ts']),
    suite('chaos', ['test/chaos/chaos.spec.ts']),
  ],
  testTimeout: 120_000,
};
