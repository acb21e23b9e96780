export { changedMembers, maskedEnv } from './agent-patch';
export { AgentRegistry, type RegistryHooks } from './agent-registry';
export { type RegisteredAgent } from './agent-store';
export { RegistryModule } from './registry.module';
