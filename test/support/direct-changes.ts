import type { EventDraft, EventLog } from '../../src/events';
import type { WriteQueue } from '../../src/persistence';
import type { AgentChanges, AgentDefinitions } from '../../src/registry';

/** Applies changes of definitions one after the other, one commit each, without processes behind the agents. */
export function directChanges(definitions: AgentDefinitions, queue: WriteQueue, events: EventLog): AgentChanges {
  let last: Promise<unknown> = Promise.resolve();
  const serially = (work: () => Promise<void>): Promise<void> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const event = (agentId: string, type: EventDraft['type'], data: EventDraft['data'] = {}): EventDraft => ({
    ...{ agentId, type, data, occurredAt: 0 },
  });
  return {
    register: (definition) =>
      serially(async () => {
        const agent = definitions.planRegistration(definition);
        const { agentId, name, entryPoint } = agent;
        await queue.submit(async (tx) => {
          await definitions.saveDefinition(tx, agent);
          events.append(tx, [event(agentId, 'agent.registered', { name, entryPoint })]);
        });
        definitions.applyDefinition(agentId, agent);
        definitions.applyDesired(agentId, entryPoint === null ? 'running' : 'stopped');
      }),
    update: (agentId, patch) =>
      serially(async () => {
        const planned = definitions.planUpdate(agentId, patch);
        if (planned === null) return;
        const { agent, members, capabilities } = planned;
        await queue.submit(async (tx) => {
          await definitions.saveDefinition(tx, agent);
          events.append(tx, [event(agentId, 'agent.updated', { members })]);
          if (capabilities !== null) events.append(tx, [event(agentId, 'capability.changed', { ...capabilities })]);
        });
        definitions.applyDefinition(agentId, agent);
      }),
    unregister: (agentId) =>
      serially(async () => {
        definitions.getAgent(agentId);
        await queue.submit(async (tx) => {
          await definitions.removeDefinition(tx, agentId);
          events.append(tx, [event(agentId, 'agent.unregistered')]);
        });
        definitions.applyDefinition(agentId, null);
      }),
  };
}
