// Is loaded before the service. Launches without a snapshot, to show that the checker detects the duplicates.
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (loaded?.LaunchGuard === undefined || loaded.LaunchGuard.prototype.isRemoved) return loaded;
  loaded.LaunchGuard.prototype.isRemoved = true;
  loaded.LaunchGuard.prototype.launch = async function ({ plan, now, log }) {
    const outcome = await this.runtime.launch(plan, null);
    if (outcome.kind === 'unknown') return { kind: 'unknown', listedUnder: null };
    if (outcome.kind === 'failed') return { kind: 'fault', fault: { kind: 'unavailable', evidence: outcome.evidence } };
    const { daemon } = await this.runtime.snapshot(false);
    const { process, entryId, uniqueId, upSince } = outcome;
    return {
      kind: 'launched',
      run: { runId: plan.runId, process, entryId, uniqueId, upSince, launchedAt: now(), log, daemon },
    };
  };
  return loaded;
};
