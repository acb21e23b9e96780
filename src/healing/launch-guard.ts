import { detailOf } from '../kernel';
import type { LaunchPlan, ListedProcess, ProcessIdentity, ProcessRuntime, RuntimeSnapshot } from '../runtime';
import type { LogMark } from './diagnosis';
import type { LaunchFault, Observation, Run } from './machine';
import { observationOf, withKnownRun } from './observe';

export type GuardedOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: 'fault'; readonly fault: LaunchFault }
  | { readonly kind: 'unknown'; readonly listedUnder: ProcessIdentity | null }
  | { readonly kind: 'blocked'; readonly observation: Observation };

export interface GuardedLaunch {
  readonly plan: LaunchPlan;
  /** The run before it, whose entry is taken over; null: none is known. */
  readonly lastRun: Run | null;
  /** If that entry is missing from the list of the same daemon, a person has deleted it. */
  readonly mustBeListed: boolean;
  /** Asked once more just before PM2 is: a stop may have overtaken the launch. */
  readonly isWanted: () => boolean;
  readonly now: () => number;
  readonly log: LogMark;
}

const FAULTS = { refused: 'failed', resources: 'resources', 'not-asked': 'unavailable' } as const;

/**
 * List, act, verify: nothing is launched while a list that began after the decision shows a live process of the agent.
 * PM2 itself allows any number of processes of one name (PM2-FACTS, 2). The verification is the list that follows.
 */
export class LaunchGuard {
  constructor(private readonly runtime: ProcessRuntime) {}

  async launch(request: GuardedLaunch): Promise<GuardedOutcome> {
    const { plan, lastRun } = request;
    let snapshot: RuntimeSnapshot;
    try {
      snapshot = await this.look(lastRun);
    } catch (error) {
      return { kind: 'fault', fault: { kind: 'unavailable', evidence: detailOf(error) } };
    }
    const seen = observationOf(plan.agentId, snapshot, { scanned: false, boot: false });
    const observation = withKnownRun(seen, plan.agentId, lastRun, (process) => this.runtime.isAlive(process));
    if (mustNotLaunch(observation) || wasDeleted(observation, request)) return { kind: 'blocked', observation };
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
          log: request.log,
          daemon: { pid, startTime },
        };
        return { kind: 'launched', run };
      }
      case 'failed': {
        return { kind: 'fault', fault: { kind: FAULTS[outcome.reason], evidence: outcome.evidence } };
      }
      case 'unknown':
        return { kind: 'unknown', listedUnder: entry === undefined ? null : observation.daemon };
    }
  }

  /** Under another daemon than the last run's, an orphan of the old one may live anywhere in the process table. */
  private async look(lastRun: Run | null): Promise<RuntimeSnapshot> {
    if (lastRun === null) return this.runtime.snapshot(true);
    const snapshot = await this.runtime.snapshot(false);
    return isDaemonOf(lastRun, snapshot) ? snapshot : this.runtime.snapshot(true);
  }

  /** More than one dead entry of one agent: leftovers of somebody's shell. */
  private async forget(stale: readonly ListedProcess[]): Promise<void> {
    await Promise.allSettled(stale.map((entry) => this.runtime.forget(entry.pmId)));
  }
}

function mustNotLaunch(observation: Observation): boolean {
  return observation.listed.some(mayLive) || observation.unlisted.some((found) => found.leader);
}

function wasDeleted(observation: Observation, { lastRun, mustBeListed }: GuardedLaunch): boolean {
  return mustBeListed && lastRun !== null && observation.listed.length === 0 && isDaemonOf(lastRun, observation);
}

function isDaemonOf(run: Run, { daemon }: Pick<RuntimeSnapshot | Observation, 'daemon'>): boolean {
  return run.daemon.pid === daemon.pid && run.daemon.startTime === daemon.startTime;
}

/** An entry that PM2 calls online may get its process any moment, even where none is seen yet. */
function mayLive(entry: ListedProcess): boolean {
  return entry.process !== null || entry.state === 'launching' || entry.state === 'stopping';
}
