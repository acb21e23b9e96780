export { AGENT_CHANGES, type AgentChanges } from './agent-changes';
export { AgentDefinitions } from './agent-definitions';
export { maskValues, type PlannedUpdate } from './agent-patch';
export { AgentRegistry } from './agent-registry';
export { isRegistered } from './agent-store';
export { launchFingerprint, type AgentCard, type RegisteredAgent, type Registration } from './registered-agent';
export { RegistryModule } from './registry.module';
