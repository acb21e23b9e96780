'use strict';

const path = require('node:path');

/**
 * Suites that take longest, in this order. Jest knows no durations in a fresh clone; without this, a long suite that
 * starts last keeps one worker busy while the others have nothing to do.
 */
const LONGEST = [
  'test/simulation/supervision.spec.ts',
  'test/e2e/killed-programs.spec.ts',
  'test/e2e/escalation.spec.ts',
  'test/e2e/fleet.spec.ts',
  'test/e2e/supervisor-death.spec.ts',
  'test/e2e/first-run.spec.ts',
  'test/e2e/database-faults.spec.ts',
  'test/integration/backup.spec.ts',
  'test/e2e/secrets.spec.ts',
  'test/contract/supabase/mirror-uploads.spec.ts',
  'test/e2e/herd.spec.ts',
  'test/e2e/ending.spec.ts',
  'test/e2e/operator-shell.spec.ts',
  'test/e2e/daemon-faults.spec.ts',
];
/** Kinds of the other suites, the slow ones first. */
const KINDS = ['long', 'e2e', 'integration', 'contract', 'simulation', 'unit'];

/** Sorts suites so that the longest ones start first. Jest creates it by its `testSequencer` option. */
class LongestFirst {
  sort(tests) {
    const rankOf = ({ path: file, context: { config } }) => {
      const known = LONGEST.indexOf(path.relative(config.rootDir, file));
      return known >= 0 ? known : LONGEST.length + KINDS.indexOf(config.displayName?.name ?? 'unit');
    };
    const ranked = [...tests].map((test) => ({ test, rank: rankOf(test) }));
    ranked.sort((left, right) => left.rank - right.rank || left.test.path.localeCompare(right.test.path));
    return ranked.map(({ test }) => test);
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    // Durations are not kept: the order is fixed, so that every run interleaves the suites in the same way.
  }
}

module.exports = LongestFirst;
