export { backoffDelay } from './backoff';
export { deadlineOf } from './deadline';
export { type Answer, type Effect, type News, type Waiters } from './effect';
export { type LaunchFault, type MachineEvent, type Observation } from './event';
export { diagnoseExit } from './diagnose';
export { endToDiagnose, type EndToDiagnose } from './ended-run';
export {
  fleetBound,
  isOutside,
  mayActOn,
  openedIncident,
  progressOf,
  type FleetIncident,
  type FleetMember,
  type FleetView,
} from './fleet';
export { type HealingPolicy } from './policy';
export { LONGEST_PAUSE_MS } from './pause';
export { afterReboot, afterRestore } from './reboot';
export { revivedState } from './revive';
export {
  currentRunId,
  incarnationOf,
  newAgentState,
  runOf,
  type AgentState,
  type LastFailure,
  type Launch,
  type Phase,
  type Run,
} from './state';
export { externalStatusOf, isRestartDue, statusOf } from './status';
export { DAEMON_UPDATE_MS } from './timing';
export { transition, type Decision } from './transition';
export { type Situation, type TurnContext } from './turn';
