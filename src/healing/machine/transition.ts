import type { Diagnosis } from '../../kernel';
import type { ProcessIdentity } from '../../runtime';
import { checked } from './checked';
import { circuitMoved } from './circuit-moved';
import { operatorStopped, resetAsked, restartAsked, startAsked, stopAsked } from './commands';
import type { Effect } from './effect';
import type { MachineEvent } from './event';
import { external } from './external';
import { escalate, openIncident } from './failing';
import { observed } from './observation';
import { exited, killEnded, launchFailed, launchSucceeded, launchUnknown } from './outcomes';
import { pauseAsked, resumeAsked } from './pause';
import { runOf } from './state';
import { DAEMON_UPDATE_MS, resumed, timer } from './timing';
import { Turn, type Situation, type TurnContext } from './turn';
import { launchBlocked } from './blocked';

export interface Decision {
  readonly situation: Situation;
  readonly effects: readonly Effect[];
}

/**
 * The heart: what follows from an event, for one agent. Pure and total: any event may come in any phase, late, twice or
 * from an old generation; what does not concern the present run changes nothing.
 */
export function transition(situation: Situation, event: MachineEvent, context: TurnContext): Decision {
  const turn = new Turn(situation, context);
  if (isForAnyAgent(event)) applyForAny(turn, event);
  else if (context.policy.isExternal) external(turn, event);
  else apply(turn, event);
  return { situation: turn.result(), effects: turn.effects };
}

/** What a person may ask of any agent, launched by us or not. */
type ForAnyAgent = Extract<MachineEvent, { readonly type: 'pause-asked' | 'resume-asked' | 'escalate-asked' }>;

function isForAnyAgent(event: MachineEvent): event is ForAnyAgent {
  return event.type === 'pause-asked' || event.type === 'resume-asked' || event.type === 'escalate-asked';
}

function applyForAny(turn: Turn, event: ForAnyAgent): void {
  if (event.type === 'pause-asked') pauseAsked(turn, event);
  else if (event.type === 'resume-asked') resumeAsked(turn);
  else escalateAsked(turn, event.diagnosis);
}

function escalateAsked(turn: Turn, diagnosis: Diagnosis): void {
  openIncident(turn);
  escalate(turn, diagnosis, turn.circuit.state !== 'OPEN');
  turn.answer('decided', { kind: 'done' });
}

function apply(turn: Turn, event: Exclude<MachineEvent, ForAnyAgent>): void {
  if (isTold(event)) return applyTold(turn, event);
  switch (event.type) {
    case 'start-asked':
      return startAsked(turn, event);
    case 'stop-asked':
      return stopAsked(turn, event);
    case 'restart-asked':
      return restartAsked(turn, event);
    case 'reset-asked':
      return resetAsked(turn);
    case 'checked':
      return checked(turn, event);
    case 'circuit-moved':
      return circuitMoved(turn);
    case 'resumed':
      return resumed(turn);
    case 'timer':
      return timer(turn);
  }
}

type Told = Extract<
  MachineEvent,
  {
    readonly type:
      `launch-${string}` | 'kill-ended' | 'exited' | 'reaped' | 'operator-stopped' | 'daemon-ending' | 'observed';
  }
>;

const TOLD: Readonly<Record<Told['type'], true>> = {
  'launch-succeeded': true,
  'launch-failed': true,
  'launch-unknown': true,
  'launch-blocked': true,
  'kill-ended': true,
  exited: true,
  reaped: true,
  'operator-stopped': true,
  'daemon-ending': true,
  observed: true,
};

function isTold(event: MachineEvent): event is Told {
  return event.type in TOLD;
}

/** What became of processes, as PM2 and the process table tell it. */
function applyTold(turn: Turn, event: Told): void {
  switch (event.type) {
    case 'launch-succeeded':
      return launchSucceeded(turn, event.run);
    case 'launch-failed':
      return launchFailed(turn, event);
    case 'launch-unknown':
      return launchUnknown(turn, event);
    case 'launch-blocked':
      return launchBlocked(turn, event);
    case 'kill-ended':
      return killEnded(turn, event);
    case 'exited':
      return exited(turn, event);
    case 'reaped':
      return reaped(turn, event);
    case 'operator-stopped':
      return operatorStopped(turn, event);
    case 'daemon-ending':
      return daemonEnding(turn, event.daemon);
    case 'observed':
      return observed(turn, event.observation);
  }
}

function reaped(turn: Turn, { pid, runId, why }: Extract<MachineEvent, { type: 'reaped' }>): void {
  if (why !== 'descendant') turn.record('agent.orphan-reaped', { pid, runId, why });
}

/** Somebody ends the daemon on purpose: what it ended stays down, unless a new daemon brings it back at once. */
function daemonEnding(turn: Turn, daemon: ProcessIdentity): void {
  if (!isEndedWith(turn, daemon)) return;
  const until = turn.now + DAEMON_UPDATE_MS;
  turn.enter({ kind: 'down', since: turn.now, why: 'daemon-ended', until, launch: null });
}

function isEndedWith(turn: Turn, daemon: ProcessIdentity): boolean {
  const phase = turn.phase;
  // What healing was just starting goes with the daemon that was asked; what a person asked for is still wanted.
  if (phase.kind === 'starting') return phase.launch.by === 'healing';
  const acting = phase.kind === 'down' && phase.why === 'operator-acting';
  if (phase.kind !== 'verifying' && phase.kind !== 'running' && !acting) return false;
  // An orphan of an earlier daemon is not ended by the end of this one.
  const run = runOf(phase) ?? turn.state.lastRun;
  return run?.daemon.pid === daemon.pid && run.daemon.startTime === daemon.startTime;
}
