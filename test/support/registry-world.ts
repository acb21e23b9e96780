import { readSettings, resolveSettings } from '../../src/config';
import { EventLog } from '../../src/events';
import { Problem } from '../../src/kernel';
import type { InstanceIdentity } from '../../src/persistence';
import { AgentDefinitions } from '../../src/registry/agent-definitions';
import { AgentRegistry } from '../../src/registry/agent-registry';
import { AgentStore } from '../../src/registry/agent-store';
import { openTestDatabase, type TestDatabase } from './database';
import { directChanges } from './direct-changes';
import { countedIds } from './seeded';

const settings = resolveSettings(readSettings({ AGENTS_DIR: './agents' }), '/srv/app', '/home/me');
const newId = countedIds();

export let test: TestDatabase;

export let definitions: AgentDefinitions;

export let registry: AgentRegistry;

let events: EventLog;

/** Definition of the agent that most tests register. */
export const a = { agentId: 'a', name: 'A', entryPoint: 'a.py' };

function makeRegistry(instance = test.instance): { definitions: AgentDefinitions; registry: AgentRegistry } {
  const store = new AgentStore(test.database, instance);
  const made = new AgentDefinitions(store, settings, test.clock, newId);
  const changes = directChanges(made, test.queue, events);
  return { definitions: made, registry: new AgentRegistry(made, store, test.queue, changes) };
}

/** Builds a registry as a later start of the supervisor loads it. */
export async function reload(instance?: InstanceIdentity): Promise<AgentRegistry> {
  const later = makeRegistry(instance);
  await later.definitions.load();
  return later.registry;
}

/** Gives each test of the file an empty registry over a real database. */
export function useRegistry(): void {
  beforeAll(async () => {
    test = await openTestDatabase();
    events = new EventLog(test.database, test.instance, newId);
  });

  afterAll(() => test.destroy());

  beforeEach(async () => {
    await test.database.transaction(async (tx) => {
      await tx.deleteFrom('actp_agent_registry').execute();
      await tx.deleteFrom('local.agent_env').execute();
      await tx.deleteFrom('actp_agent_events').execute();
      await tx.deleteFrom('local.meta').where('key', '=', 'seeded').execute();
    });
    ({ definitions, registry } = makeRegistry());
  });

  afterEach(() => {
    test.refuseWrites(false);
  });
}

export const ids = (from: AgentRegistry) => from.listAgents().map(({ agentId }) => agentId);

/** Returns the type and the data of each recorded event. */
export const listRecorded = async () =>
  (await events.list({ after: 0, limit: 1_000 })).map(({ type, data }) => [type, data]);

/** Returns the code of the problem with which a change was refused, or `done`. */
export function codeOf(outcome: PromiseSettledResult<unknown>): unknown {
  if (outcome.status === 'fulfilled') return 'done';
  const reason: unknown = outcome.reason;
  return reason instanceof Problem ? reason.code : reason;
}
