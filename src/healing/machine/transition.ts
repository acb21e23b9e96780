import { onCircuitAsked, onEscalateAsked, onPauseAsked, onRecoveryAsked, onResumeAsked } from './commands/healing';
import {
  isRefusedByUnregistration,
  onRegisterAsked,
  onUnregisterAsked,
  onUpdateAsked,
  refuseWhileUnregistering,
} from './commands/registration';
import { onResetAsked, onRestartAsked, onStartAsked } from './commands/start';
import { onOperatorStopped, onStopAsked } from './commands/stop';
import { Draft, type MachineState, type DecisionContext } from './draft';
import type { Effect } from './effect';
import type { EventOf, MachineEvent } from './event';
import { onDaemonEnding, onExited, onKillEnded, onReaped } from './exits';
import { EXTERNAL_HANDLERS } from './external-agent';
import { onChecked } from './health-results';
import { onLaunchBlocked, onLaunchFailed, onLaunchSucceeded, onLaunchUnknown } from './launch-results';
import { onObserved } from './reconcile/reconcile';
import { onResumed, onTimer } from './timers';

export interface Decision {
  readonly machineState: MachineState;
  readonly effects: readonly Effect[];
}

/** One handler for each type of event. A type without a handler does not compile. */
type Handlers<T extends MachineEvent['type']> = {
  readonly [K in T]: (draft: Draft, event: EventOf<K>) => void;
};

/** Commands that apply to every agent, external or not. */
const COMMON_HANDLERS = {
  'register-asked': onRegisterAsked,
  'update-asked': onUpdateAsked,
  'pause-asked': onPauseAsked,
  'resume-asked': onResumeAsked,
  'escalate-asked': onEscalateAsked,
} satisfies Partial<Handlers<MachineEvent['type']>>;

/** Handlers for an agent that the supervisor launches. Each one switches on the phase. */
const HANDLERS: Handlers<MachineEvent['type']> = {
  ...COMMON_HANDLERS,
  // commands of callers
  'start-asked': onStartAsked,
  'restart-asked': onRestartAsked,
  'reset-asked': onResetAsked,
  'stop-asked': onStopAsked,
  'unregister-asked': onUnregisterAsked,
  'recovery-asked': onRecoveryAsked,
  'circuit-asked': onCircuitAsked,
  // reports about processes, from PM2 and the process table
  'launch-succeeded': onLaunchSucceeded,
  'launch-failed': onLaunchFailed,
  'launch-unknown': onLaunchUnknown,
  'launch-blocked': onLaunchBlocked,
  'kill-ended': onKillEnded,
  exited: onExited,
  reaped: onReaped,
  'operator-stopped': onOperatorStopped,
  'daemon-ending': onDaemonEnding,
  observed: onObserved,
  // health and time
  checked: onChecked,
  resumed: onResumed,
  timer: onTimer,
};

/** Handlers for an agent that is watched but never launched. */
const HANDLERS_OF_EXTERNAL: Handlers<MachineEvent['type']> = { ...COMMON_HANDLERS, ...EXTERNAL_HANDLERS };

/**
 * Decides what follows from an event, for one agent. Pure and total: an event may come in any phase, late, twice or
 * from an old generation. A report about an earlier run does not change the state, but may cause an effect.
 */
export function transition(machineState: MachineState, event: MachineEvent, context: DecisionContext): Decision {
  const draft = new Draft(machineState, context);
  if (isRefusedByUnregistration(draft.phase, event)) refuseWhileUnregistering(draft);
  else handle(context.policy.isExternal ? HANDLERS_OF_EXTERNAL : HANDLERS, draft, event);
  return { machineState: draft.result(), effects: draft.effects };
}

function handle<T extends MachineEvent['type']>(handlers: Handlers<T>, draft: Draft, event: EventOf<T>): void {
  handlers[event.type](draft, event);
}
