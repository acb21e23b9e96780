// The face for healing, which acts on processes. Other modules import read-only.ts.
export * from './entry-ref';
export { buildAgentEnvironment, listPassable, type RunFacts } from './launch/agent-environment';
export { resolveCommand, type LaunchPlaces, type ResolvedCommand } from './launch/command';
export type * from './launch/launch-plan';
export { readSigningKey } from './launch/signing-key';
export { Pm2ProcessManager, SHELL_COMMANDS, type Pm2ProcessManagerOptions } from './pm2/pm2-process-manager';
export * from './process-manager';
export type * from './process-manager-signal';
export type * from './process-snapshot';
export { LinuxProcessInspector } from './process-table/linux-process-inspector';
export * from './read-only';
