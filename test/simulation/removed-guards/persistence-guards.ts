import { Problem } from '../../../src/kernel';
import type * as Actors from '../../../src/healing/actor/agent-actor';
import type * as HeartbeatsModule from '../../../src/health/heartbeat/heartbeats';
import type * as QueueWriters from '../../../src/persistence/queue-writer';
import type { Entry, WaitingWrites } from '../../../src/persistence/waiting-writes';
import { without, type Guard } from './guard';

/** Guards that keep memory, disk and processes consistent while the database fails. */
export const PERSISTENCE_GUARDS: readonly Guard[] = [
  {
    name: 'works that are tried one by one',
    load: without('../../../src/persistence/queue-writer', refuseWholeGroups),
  },
  { name: 'saves before acts', firstSeed: 45, load: without('../../../src/healing/actor/agent-actor', actBeforeSave) },
  {
    // A commit in doubt stays, although its caller was refused.
    name: 'undone commits',
    firstSeed: 20,
    load: without('../../../src/healing/actor/change', () => ({ undoChange: (change: unknown) => change })),
  },
  {
    name: 'liveness in memory',
    firstSeed: 925,
    load: without('../../../src/health/heartbeat/heartbeats', forgetUnsavedHeartbeats),
  },
];

/** Refuses a whole group of writes if one of them fails. */
function refuseWholeGroups({ QueueWriter }: typeof QueueWriters): object {
  const refusing = class extends QueueWriter {};
  Object.assign(refusing.prototype, {
    commitEach(this: { waiting: WaitingWrites }, group: readonly Entry[]) {
      this.waiting.removeFirst(group.length);
      for (const { caller, whenSettled } of group) {
        caller?.reject(new Problem('database-unavailable', 'another write failed'));
        for (const settled of whenSettled) settled();
      }
      return Promise.resolve();
    },
  });
  return { QueueWriter: refusing };
}

/** Acts on a command while its commit is under way. */
function actBeforeSave({ AgentActor }: typeof Actors): object {
  const acting = class extends AgentActor {};
  const prototype = AgentActor.prototype as unknown as { save(...given: unknown[]): Promise<unknown> };
  const { save } = prototype;
  Object.assign(acting.prototype, {
    save(this: unknown, ...given: unknown[]) {
      void save.apply(this, given);
      return Promise.resolve(true);
    },
  });
  return { AgentActor: acting };
}

/** Resets the liveness of an agent to what was saved last if a heartbeat of it cannot be saved. */
function forgetUnsavedHeartbeats({ Heartbeats }: typeof HeartbeatsModule): object {
  return {
    Heartbeats: class extends Heartbeats {
      private readonly savedLiveness = new Map<string, unknown>();

      override async record(...given: Parameters<HeartbeatsModule.Heartbeats['record']>): Promise<void> {
        const [agentId, { task }] = given;
        const { known } = this as unknown as { known: Map<string, { liveness: unknown }> };
        try {
          await super.record(...given);
          if (task !== undefined) this.savedLiveness.set(agentId, known.get(agentId)?.liveness);
        } catch (error) {
          const now = known.get(agentId);
          if (now !== undefined && this.savedLiveness.has(agentId)) now.liveness = this.savedLiveness.get(agentId);
          throw error;
        }
      }
    },
  };
}
