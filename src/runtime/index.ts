export { agentEnvironment, type RunFacts } from './agent-environment';
export { mintAgentToken, verifyAgentToken, type AgentTokenClaims } from './agent-token';
export { resolveCommand, type LaunchPlaces, type ResolvedCommand } from './launch-plan';
export { LinuxProcessInspector } from './linux-process-inspector';
export { Pm2Runtime, type Pm2RuntimeOptions } from './pm2/pm2-runtime';
export { PROCESS_INSPECTOR, type ProcessFacts, type ProcessInspector } from './process-inspector';
export * from './process-runtime';
export { RuntimeModule, SIGNING_KEY } from './runtime.module';
export { readSigningKey } from './signing-key';
