import type { AgentDefinitionInput } from '../kernel';

const managed = { tags: ['core'], autostart: true };

/** Agents registered at the first start: four samples that are launched, and an external one that is only watched. */
export const FIRST_START_AGENTS: readonly AgentDefinitionInput[] = [
  {
    ...managed,
    agentId: 'content-agent',
    name: 'Content agent',
    entryPoint: 'content_generation_agent.py',
    capabilities: ['content.generate', 'content.publish'],
  },
  {
    ...managed,
    agentId: 'acquisition-agent',
    name: 'Acquisition agent',
    entryPoint: 'acquisition_agent.py',
    capabilities: ['outreach.dm', 'outreach.linkedin', 'upwork.propose'],
  },
  {
    ...managed,
    agentId: 'revenue-agent',
    name: 'Revenue agent',
    entryPoint: 'revenue_analytics_agent.py',
    capabilities: ['revenue.track', 'analytics.report'],
  },
  {
    ...managed,
    agentId: 'orchestrator',
    name: 'Orchestrator',
    entryPoint: 'cognitive_orchestrator.py',
    // It routes tasks to the other agents, which starts them if needed (docs/threat-model.md).
    apiRole: 'operator',
    capabilities: ['orchestrator.plan', 'orchestrator.delegate'],
  },
  {
    agentId: 'safari-automation',
    name: 'Safari automation',
    entryPoint: null,
    healthUrl: 'http://localhost:3106/health',
    capabilities: ['research.market', 'dm.send'],
  },
];
