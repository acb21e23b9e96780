// The face for modules that only read. It exports nothing that starts or kills a process of an agent: only healing does
// that, through index.ts (`only-healing-acts-on-processes` in .dependency-cruiser.cjs).
export { secretsOf } from './launch/agent-environment';
export { mintAgentToken, verifyAgentToken, type AgentTokenClaims } from './launch/agent-token';
export { PORT_HOLDERS, type PortHolder, type PortHolders } from './port-holder/port-holders';
export {
  PROCESS_INSPECTOR,
  type ProcessFacts,
  type ProcessIdentity,
  type ProcessInspector,
  type SocketsAt,
} from './process-table/process-inspector';
export { readPm2List } from './pm2/read-list';
export { treeOf } from './process-table/process-tree';
export { createProcessInspector, ProcessesModule, SIGNING_KEY } from './processes.module';
