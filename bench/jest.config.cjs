'use strict';
// Benchmarks that need what tests are made of; `npm test` does not know of them.
const { projects } = require('../jest.config.js');

module.exports = { ...projects[0], displayName: 'bench', testMatch: ['<rootDir>/test/bench/**/*.spec.ts'] };
