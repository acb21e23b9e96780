import { isProblem, messageOf } from '../kernel';
import type { LaunchPlan, ListedProcess, ProcessRuntime, RuntimeSnapshot } from '../runtime';
import type { LaunchFault, Observation, Run } from './machine';
import { observationOf } from './observe';

export type GuardedOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: 'fault'; readonly fault: LaunchFault }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'blocked'; readonly observation: Observation };

export interface GuardedLaunch {
  readonly plan: LaunchPlan;
  /** The entry that should still be listed; missing from the list of the same daemon means: deleted by a person. */
  readonly expected: Run | null;
  /** Asked once more just before PM2 is: a stop may have overtaken the launch. */
  readonly isWanted: () => boolean;
  readonly now: () => number;
}

/**
 * List, act, verify: nothing is launched while a list that began after the decision shows a live process of the agent.
 * PM2 itself allows any number of processes of one name (PM2-FACTS, 2). The verification is the list that follows.
 */
export class LaunchGuard {
  constructor(private readonly runtime: ProcessRuntime) {}

  async launch(request: GuardedLaunch): Promise<GuardedOutcome> {
    const { plan } = request;
    let snapshot: RuntimeSnapshot;
    try {
      snapshot = await this.runtime.snapshot(false);
    } catch (error) {
      return { kind: 'fault', fault: { kind: 'unavailable', evidence: detailOf(error) } };
    }
    const observation = observationOf(plan.agentId, snapshot, { scanned: false, boot: false });
    if (mustNotLaunch(observation, request.expected)) return { kind: 'blocked', observation };
    if (!request.isWanted()) return { kind: 'fault', fault: { kind: 'cancelled' } };
    const [entry, ...stale] = observation.listed;
    const outcome = await this.runtime.launch(plan, entry?.pmId ?? null);
    void this.forget(stale);
    switch (outcome.kind) {
      case 'launched': {
        const { pid, startTime } = snapshot.daemon;
        const { process, pmId, upSince } = outcome;
        const run = {
          runId: plan.runId,
          process,
          pmId,
          upSince,
          launchedAt: request.now(),
          daemon: { pid, startTime },
        };
        return { kind: 'launched', run };
      }
      case 'failed': {
        const kind = outcome.reason === 'resources' ? 'resources' : 'failed';
        return { kind: 'fault', fault: { kind, evidence: outcome.evidence } };
      }
      case 'unknown':
        return { kind: 'unknown' };
    }
  }

  /** More than one dead entry of one agent: leftovers of somebody's shell. */
  private async forget(stale: readonly ListedProcess[]): Promise<void> {
    await Promise.allSettled(stale.map((entry) => this.runtime.forget(entry.pmId)));
  }
}

function mustNotLaunch(observation: Observation, expected: Run | null): boolean {
  if (observation.listed.some(mayLive)) return true;
  if (observation.unlisted.some((found) => found.leader)) return true;
  const deleted = expected !== null && observation.listed.length === 0;
  return (
    deleted &&
    expected.daemon.pid === observation.daemon.pid &&
    expected.daemon.startTime === observation.daemon.startTime
  );
}

/** An entry that PM2 calls online may get its process any moment, even where none is seen yet. */
function mayLive(entry: ListedProcess): boolean {
  return entry.process !== null || entry.state === 'launching' || entry.state === 'stopping';
}

function detailOf(error: unknown): string {
  return isProblem(error) ? error.detail : messageOf(error);
}
