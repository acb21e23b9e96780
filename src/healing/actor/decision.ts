import { Problem, type AgentPatch, type Diagnosis } from '../../kernel';
import type { Registration } from '../../registry';
import type { LogMark } from '../diagnosis';
import {
  findExitToDiagnose,
  hasDueTime,
  mayAdopt,
  transition,
  type Decision,
  type Effect,
  type MachineEvent,
  type MachineState,
  type Waiters,
} from '../machine';
import { collectChange } from './change';
import type { Change, DefinitionChange } from './journal';
import type { Caller } from './pending-commands';
import type { Definitions, ExitDiagnosis, SupervisionPorts } from './ports';

/** Effects that an actor hands to its surroundings. Their outcomes return to it as events. */
export type ActingEffect = Exclude<
  Effect,
  { type: 'record' | 'record-restart' | 'notify' | 'answer' | 'reset-tokens' }
>;

export function isActing(effect: Effect): effect is ActingEffect {
  switch (effect.type) {
    case 'launch':
    case 'kill':
    case 'end-process':
    case 'sweep':
    case 'forget':
    case 'observe':
    case 'unregister':
      return true;
    case 'record':
    case 'record-restart':
    case 'notify':
    case 'reset-tokens': // saved with the change
    case 'answer':
      return false;
  }
}

/** Both clocks at one time: `Clock.now()` and the wall clock, in milliseconds. */
export interface Moment {
  readonly now: number;
  readonly wall: number;
}

/** Message of the mailbox. */
export interface Message {
  readonly event: ActorEvent;
  /**
   * Both clocks when the event was received. Use these, not the processing time: events may queue behind a slow commit.
   */
  readonly receivedAt: Moment;
  readonly command: { readonly waiters: Waiters; readonly caller: Caller } | null;
}

/** Facts that are read from an agent's logs for a decision. */
export interface LogFacts {
  readonly diagnosis: Diagnosis | null;
  readonly logEnd: LogMark | null;
}

/** Event of the machine, with what is known about it. */
export interface DecisionInput extends LogFacts {
  readonly event: MachineEvent;
  readonly definition: DefinitionChange | null;
  readonly moment: Moment;
  /** True if a caller waits for the save. */
  readonly isCommand: boolean;
  /** `Change.wallOffsetMs` of the agent's latest save; null: none since the start. */
  readonly savedOffsetMs: number | null;
}

export const NO_LOG_FACTS: LogFacts = { diagnosis: null, logEnd: null };

/** Reads from the agent's logs what the decision on an event needs; null: it needs nothing. */
export function readLogs(
  agentId: string,
  before: MachineState,
  event: MachineEvent,
  diagnosis: ExitDiagnosis,
): Promise<LogFacts> | null {
  const end = findExitToDiagnose(before, event);
  if (end !== null) return diagnosis.diagnose(agentId, end).then((found) => ({ ...NO_LOG_FACTS, diagnosis: found }));
  if (mayAdopt(before, event)) return diagnosis.mark(agentId).then((logEnd) => ({ ...NO_LOG_FACTS, logEnd }));
  return null;
}

/**
 * Decides on an event. Returns the decision, and the change to save; null: there is nothing to save.
 *
 * Due times that were saved before a suspend show an earlier wall time than the API. The next event that is no command
 * saves them again. A command does not: it would then need the database even if it changes nothing.
 */
export function decide(
  agentId: string,
  before: MachineState,
  { event, definition, diagnosis, logEnd, moment, isCommand, savedOffsetMs }: DecisionInput,
  { clock, random, newId, policies }: Pick<SupervisionPorts, 'clock' | 'random' | 'newId' | 'policies'>,
): { readonly decision: Decision; readonly change: Change | null } {
  const { now, wall } = moment;
  const at = (wallMs: number) => clock.at(wallMs);
  const policy = policies.of(agentId);
  const decision = transition(before, event, { now, wall, at, random, newId, policy, diagnosis, logEnd });
  const wallOffsetMs = clock.wallOf(now) - now;
  const isOutdated = !isCommand && wallOffsetMs !== savedOffsetMs && hasDueTime(decision.machineState);
  return { decision, change: collectChange(before, decision, { agentId, wall, wallOffsetMs, definition, isOutdated }) };
}

/** Change of the definition. It is planned when its turn in the mailbox comes. */
export type DefinitionRequest =
  | { readonly type: 'register'; readonly definition: Registration }
  | { readonly type: 'update'; readonly patch: AgentPatch };

export type ActorEvent = MachineEvent | DefinitionRequest;

/** Event for the machine, with the definition that its decision saves. */
export interface PlannedEvent {
  readonly event: MachineEvent;
  readonly definition: DefinitionChange | null;
}

/**
 * Converts a message of the mailbox into an event for the machine. Returns null for an update that changes nothing.
 *
 * @param isBusy true while a command on the agent waits for a process to be up or to be gone
 * @throws Problem the refusal; nothing has changed then
 */
export function planEvent(
  event: ActorEvent,
  agentId: string,
  definitions: Definitions,
  isBusy: boolean,
): PlannedEvent | null {
  if (event.type === 'register') {
    const agent = definitions.planRegistration(event.definition);
    const { name, entryPoint } = agent;
    const autostart = entryPoint !== null && agent.autostart && agent.missingEnv.length === 0;
    return { event: { type: 'register-asked', name, entryPoint, autostart }, definition: { kind: 'saved', agent } };
  }
  if (definitions.findAgent(agentId) === null) {
    throw new Problem('agent-not-found', `No agent has the id ${agentId}. GET /api/agents lists all agents.`);
  }
  if (event.type === 'unregister-asked' && isBusy) throw meetsOperation('DELETE', agentId);
  if (event.type !== 'update') return { event, definition: null };
  if (isBusy) throw meetsOperation('PATCH', agentId);
  const update = definitions.planUpdate(agentId, event.patch);
  if (update === null) return null;
  const { agent, ...facts } = update;
  return { event: { type: 'update-asked', ...facts }, definition: { kind: 'saved', agent } };
}

function meetsOperation(what: string, agentId: string): Problem {
  return new Problem(
    'operation-in-progress',
    `${what} meets a running operation on ${agentId}. Try again when it has ended.`,
  );
}
