'use strict';
// Benchmarks that need the test support code. `npm test` does not run them.
const { projects } = require('../jest.config.js');

module.exports = { ...projects[0], displayName: 'bench', testMatch: ['<rootDir>/test/bench/**/*.spec.ts'] };
