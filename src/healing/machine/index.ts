export { backoffDelay } from './failure-policy';
export { deadlineOf, hasDueTime } from './timers';
export { type Answer, type Effect, type IncidentNotification, type Waiters } from './effect';
export { type LaunchFault, type MachineEvent, type Observation } from './event';
export { diagnoseExitFacts, findExitToDiagnose, mayAdopt, type ExitToDiagnose } from './diagnose';
export {
  fleetBound,
  isOutside,
  mayActOn,
  openFleetIncident,
  progressOf,
  type FleetIncident,
  type FleetMember,
  type FleetView,
} from './fleet';
export { isOfHealing, type Launch, type LaunchFacts, type Phase, type Run } from './phase';
export { NO_ACTIVITY, type Activity, type HealingPolicy } from './policy';
export { LONGEST_PAUSE_MS } from './commands/healing';
export { ASKED } from './commands/start';
export { adaptToReboot, adaptToRestore, rehydrateState } from './rehydrate';
export { parseSavedFleetIncident, rehydrateFleetIncident } from './saved-fleet';
export { parseSavedState } from './saved-state';
export {
  currentIncarnation,
  currentRunId,
  incarnationOf,
  newAgentState,
  runOf,
  verifiedAt,
  type AgentState,
  type LastFailure,
} from './state';
export { externalStatusOf, isRestartDue, statusOf } from './status';
export { DAEMON_UPDATE_MS } from './stop';
export { transition, type Decision } from './transition';
export { type MachineState, type DecisionContext } from './draft';
