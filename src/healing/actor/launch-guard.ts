import { detailOf } from '../../kernel';
import {
  entryRefOf,
  type EntryRef,
  type ListedProcess,
  type ProcessIdentity,
  type ProcessManager,
  type ProcessSnapshot,
} from '../../processes';
import type { LaunchFacts, LaunchFault, Observation, Run } from '../machine';
import { observationOf, withKnownRun } from './observations';
import type { PlannedLaunch } from './ports';

export type GuardedOutcome =
  | { readonly kind: 'launched'; readonly run: Run }
  | { readonly kind: 'fault'; readonly fault: LaunchFault }
  | { readonly kind: 'unknown'; readonly listedUnder: ProcessIdentity | null }
  | { readonly kind: 'blocked'; readonly observation: Observation };

export interface GuardedLaunch {
  readonly plan: PlannedLaunch;
  /**
   * Previous run. It decides whether a scan is needed, and whether a missing entry was deleted; null: none is known.
   */
  readonly lastRun: Run | null;
  /** True if the entry was listed. If the same daemon lists it no longer, the operator deleted it. */
  readonly mustBeListed: boolean;
  /** Called just before PM2, because a stop may have superseded the launch. */
  readonly isWanted: () => boolean;
  readonly now: () => number;
  readonly facts: LaunchFacts;
}

/** Fault by the reason of a failed launch. PM2's `refused` is `failed`: the fault `refused` is a bad definition. */
const FAULTS = { refused: 'failed', resources: 'resources', 'not-asked': 'unavailable' } as const;

/**
 * Launches only if a snapshot that began after the decision shows no live process of the agent and no deletion by the
 * operator. PM2 itself allows any number of processes with one name (PM2-FACTS, 2). The next snapshot verifies the
 * launch.
 */
export class LaunchGuard {
  constructor(private readonly runtime: ProcessManager) {}

  async launch(request: GuardedLaunch): Promise<GuardedOutcome> {
    const { plan, lastRun } = request;
    let snapshot: ProcessSnapshot;
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
    const refOf = (listed: ListedProcess) => entryRefOf(observation.daemon, listed);
    const outcome = await this.runtime.launch(plan, entry === undefined ? null : refOf(entry));
    void this.forget(stale.map(refOf));
    switch (outcome.kind) {
      case 'launched': {
        const { pid, startTime } = snapshot.daemon;
        const { process, entryId, uniqueId, upSince } = outcome;
        const run = {
          runId: plan.runId,
          process,
          entryId,
          uniqueId,
          upSince,
          launchedAt: request.now(),
          ...request.facts,
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

  /**
   * Takes a snapshot. Scans the whole process table unless the daemon launched the last run: an orphan of an earlier
   * daemon may live anywhere.
   */
  private async look(lastRun: Run | null): Promise<ProcessSnapshot> {
    if (lastRun === null) return this.runtime.snapshot(true);
    const snapshot = await this.runtime.snapshot(false);
    return isDaemonOf(lastRun, snapshot) ? snapshot : this.runtime.snapshot(true);
  }

  /** Removes further dead entries of the agent, which a shell left behind. */
  private async forget(stale: readonly EntryRef[]): Promise<void> {
    await Promise.allSettled(stale.map((entry) => this.runtime.deleteEntry(entry)));
  }
}

function mustNotLaunch(observation: Observation): boolean {
  return observation.listed.some(mayLive) || observation.unlisted.some((found) => found.leader);
}

function wasDeleted(observation: Observation, { lastRun, mustBeListed }: GuardedLaunch): boolean {
  return mustBeListed && lastRun !== null && observation.listed.length === 0 && isDaemonOf(lastRun, observation);
}

function isDaemonOf(run: Run, { daemon }: Pick<ProcessSnapshot | Observation, 'daemon'>): boolean {
  return run.daemon.pid === daemon.pid && run.daemon.startTime === daemon.startTime;
}

/** Returns true if the entry has a process, or is in a state in which it may have one that is not seen yet. */
function mayLive(entry: ListedProcess): boolean {
  return entry.process !== null || entry.state === 'launching' || entry.state === 'stopping';
}
