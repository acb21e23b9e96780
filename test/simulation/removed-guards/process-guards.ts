import type { KillQueue } from '../../../src/healing/actor/kill-queue';
import type * as LaunchGuards from '../../../src/healing/actor/launch-guard';
import type { GuardedLaunch, GuardedOutcome } from '../../../src/healing/actor/launch-guard';
import type * as Observations from '../../../src/healing/actor/observations';
import type * as Reapers from '../../../src/healing/actor/reaper';
import type { EntryRef, ProcessManager } from '../../../src/processes';
import { inVariant, without, type Guard } from './guard';

/** Guards that prevent second processes, lost processes and needless kills. */
export const PROCESS_GUARDS: readonly Guard[] = [
  {
    name: 'the launch guard',
    firstSeed: 93,
    load: without('../../../src/healing/actor/launch-guard', () => ({ LaunchGuard: UnguardedLaunches })),
  },
  {
    name: 'generations',
    firstSeed: 43,
    load: without('../../support/seeded', () => ({ countedIds: () => () => 'the-same' })),
  },
  { name: 'the periodic list', firstSeed: 753, load: inVariant({ relists: false }) },
  { name: 'the running clock', firstSeed: 1_063, load: inVariant({ losesTime: false }) },
  {
    name: 'the identity of entries',
    firstSeed: 1_117,
    load: without('../../../src/processes/entry-ref', () => ({
      isSameEntry: (one: EntryRef, other: EntryRef) => one.entryId === other.entryId,
    })),
  },
  {
    name: 'one kill at a time',
    firstSeed: 89,
    load: without('../../../src/healing/actor/kill-queue', () => ({ KillQueue: ConcurrentKills })),
  },
  {
    name: 'the search for strays',
    firstSeed: 8,
    load: without('../../../src/healing/actor/observations', hideUnlisted),
  },
  {
    name: 'the search for strays of earlier daemons before a launch',
    firstSeed: 8,
    load: without('../../../src/healing/actor/launch-guard', searchOnlyChildrenOfDaemon),
  },
  {
    name: 'one end of a stray at a time',
    firstSeed: 8,
    load: without('../../../src/healing/actor/reaper', killWithEachSnapshot),
  },
];

/** Launches without a snapshot before or after, and believes every answer. */
class UnguardedLaunches {
  constructor(private readonly runtime: ProcessManager) {}

  async launch({ plan, now, facts }: GuardedLaunch): Promise<GuardedOutcome> {
    const outcome = await this.runtime.launch(plan, null);
    if (outcome.kind === 'unknown') return { kind: 'unknown', listedUnder: null };
    if (outcome.kind === 'failed') return { kind: 'fault', fault: { kind: 'unavailable', evidence: outcome.evidence } };
    const { process, entryId, uniqueId, upSince } = outcome;
    const daemon = await this.runtime.connect(false);
    return {
      kind: 'launched',
      run: {
        ...{ runId: plan.runId, process, entryId, uniqueId, upSince, launchedAt: now() },
        ...{ ...facts, daemon },
      },
    };
  }
}

/** Begins each kill at once, even if another kill of the agent runs. */
class ConcurrentKills implements Pick<KillQueue, 'end'> {
  constructor(private readonly runtime: Pick<ProcessManager, 'terminate'>) {}

  end(...kill: Parameters<KillQueue['end']>): ReturnType<KillQueue['end']> {
    return this.runtime.terminate(...kill);
  }
}

/** Hides processes without an entry in PM2's list. */
function hideUnlisted({ observationOf, observationsOf }: typeof Observations): Partial<typeof Observations> {
  return {
    observationOf: (agentId, snapshot, look) => observationOf(agentId, { ...snapshot, unlisted: [] }, look),
    observationsOf: (agentIds, snapshot, look) => observationsOf(agentIds, { ...snapshot, unlisted: [] }, look),
  };
}

/** Takes the snapshot before a launch without a scan of the process table. */
function searchOnlyChildrenOfDaemon({ LaunchGuard }: typeof LaunchGuards): object {
  const guard = class extends LaunchGuard {};
  Object.assign(guard.prototype, {
    look(this: { runtime: ProcessManager }) {
      return this.runtime.snapshot(false);
    },
  });
  return { LaunchGuard: guard };
}

/** Begins to kill a stray with each snapshot that shows it. */
function killWithEachSnapshot({ Reaper }: typeof Reapers): object {
  return {
    Reaper: class extends Reaper {
      override endProcess(...given: Parameters<Reapers.Reaper['endProcess']>): void {
        (this as unknown as { ending: Set<string> }).ending.clear();
        super.endProcess(...given);
      }
    },
  };
}
