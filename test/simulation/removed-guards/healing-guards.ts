import type * as FleetWatches from '../../../src/healing/fleet/fleet-watch';
import type * as Drafts from '../../../src/healing/machine/draft';
import type * as FailurePolicy from '../../../src/healing/machine/failure-policy';
import type * as Fleet from '../../../src/healing/machine/fleet';
import type * as Launch from '../../../src/healing/machine/launch';
import { without, type Guard } from './guard';

/** Guards of what healing restarts, and what it leaves alone. */
export const HEALING_GUARDS: readonly Guard[] = [
  { name: 'the fleet watch', load: without('../../../src/healing/fleet/fleet-watch', ignoreFleet) },
  {
    name: 'the verified canary',
    firstSeed: 20,
    load: without('../../../src/healing/machine/fleet', trustUnverifiedCanary),
  },
  { name: 'pauses of healing', load: without('../../../src/healing/machine/draft', ignorePauses) },
  {
    name: 'a second run to confirm a likely cause',
    firstSeed: 14,
    load: without('../../../src/healing/machine/failure-policy', trustLikelyCauses),
  },
  {
    name: 'a halt after two runs in a row',
    firstSeed: 14,
    load: without('../../../src/healing/machine/failure-policy', forgetPreviousRun),
  },
  { name: 'halts', firstSeed: 78, load: without('../../../src/healing/machine/launch', retryWhenHalted) },
];

/** Heals each agent by itself, regardless of how many fail at once. */
function ignoreFleet({ FleetWatch }: typeof FleetWatches): object {
  return {
    FleetWatch: class extends FleetWatch {
      override noteCheck(...given: Parameters<FleetWatches.FleetWatch['noteCheck']>): true {
        super.noteCheck(...given);
        return true;
      }

      override isIncident(): boolean {
        return false;
      }
    },
  };
}

/** Counts the canary as recovered as soon as its new process has no failing verdict. */
function trustUnverifiedCanary({ progressOf }: typeof Fleet): Pick<typeof Fleet, 'progressOf'> {
  return {
    progressOf: (...given) => {
      const [view, { canary: before }] = given;
      const progress = progressOf(...given);
      if (progress.kind === 'over' || before === null || progress.incident.canary === null) return progress;
      const helped = (view.members.get(before.agentId)?.failing ?? null) === null;
      const { canary } = progress.incident;
      return {
        ...progress,
        incident: { ...progress.incident, canary: { ...canary, helped: canary.helped || helped } },
      };
    },
  };
}

/** Halts an agent by a likely cause as by a certain one. */
function trustLikelyCauses({ countFailure }: typeof FailurePolicy): Pick<typeof FailurePolicy, 'countFailure'> {
  return {
    countFailure: (diagnosis, ...others) => countFailure({ ...diagnosis, certainty: 'certain' }, ...others),
  };
}

/** Judges each failure by itself, so that a likely cause never halts an agent. */
function forgetPreviousRun({ countFailure }: typeof FailurePolicy): Pick<typeof FailurePolicy, 'countFailure'> {
  return { countFailure: (diagnosis, policy) => countFailure(diagnosis, policy, null) };
}

/** Heals a paused agent, too. */
function ignorePauses({ Draft }: typeof Drafts): object {
  return {
    Draft: class extends Draft {
      override get isPaused(): boolean {
        return false;
      }
    },
  };
}

/** Retries an agent whose circuit is open as if it was closed. */
function retryWhenHalted({ waitingPhase }: typeof Launch): object {
  return { haltedPhase: waitingPhase };
}
