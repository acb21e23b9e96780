export { AgentActivity } from './agent-activity';
export { AgentLogs, LOG_STREAMS, type LogStream } from './logs/agent-logs';
export { AgentViews, type AgentFilter, type AgentStanding } from './agent-views';
export { AgentWaits, MAX_WAIT_SECONDS, type WaitOptions } from './waits/agent-waits';
export { WAIT_CONDITIONS, type WaitCondition } from './waits/wait-condition';
export { AgentSupervisor } from './supervisor/agent-supervisor';
export { DeadmanPing } from './deadman-ping';
export { resolvePolicy } from './policy';
export { HealingModule } from './healing.module';
export { LaunchPlanner } from './actor/launch-planner';
export {
  ASKED,
  currentRunId,
  LONGEST_PAUSE_MS,
  runOf,
  statusOf,
  type HealingPolicy,
  type MachineState,
} from './machine';
export { SelfHealingLoop } from './self-healing-loop';
export { Bootstrap } from './supervisor/bootstrap';
export { FleetJournal } from './fleet/fleet-journal';
export { FleetWatch } from './fleet/fleet-watch';
export { SupervisorEvents } from './supervisor/supervisor-events';
