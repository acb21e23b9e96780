export { AgentDirectory, type AgentFilter } from './agent-directory';
export { AgentSupervisor } from './agent-supervisor';
export { DeadmanPing } from './deadman-ping';
export { healingPolicy } from './healing-policy';
export { HealingModule } from './healing.module';
export { LaunchPlanner } from './launch-planner';
export { currentRunId, LONGEST_PAUSE_MS, runOf, statusOf, type HealingPolicy, type Situation } from './machine';
export { SelfHealingLoop } from './self-healing-loop';
export { Supervision } from './supervision';
