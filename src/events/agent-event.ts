/** The closed set of event types of the contract (`actp_agent_events.type`). */
export const EVENT_TYPES = [
  'agent.registered',
  'agent.updated',
  'agent.unregistered',
  'agent.spawned',
  'agent.exited',
  'agent.terminated',
  'agent.restarted',
  'agent.unhealthy',
  'agent.healthy',
  'agent.adopted',
  'agent.orphan-reaped',
  'operator.stopped',
  'operator.restarted',
  'circuit.opened',
  'circuit.half-opened',
  'circuit.closed',
  'circuit.reset',
  'recovery.diagnosed',
  'recovery.scheduled',
  'recovery.attempted',
  'recovery.verified',
  'recovery.failed',
  'recovery.escalated',
  'capability.changed',
  'task.routed',
  'supervisor.started',
  'supervisor.stopped',
  'daemon.lost',
  'daemon.restored',
  'fleet.degraded',
  'fleet.restored',
  'escalation.sent',
  'escalation.silenced',
  'agent.paused',
  'agent.resumed',
  'supervisor.resumed',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** An event as its author makes it: a list of chosen fields, never a whole environment or packet. */
export interface EventDraft {
  /** null: it is about the supervisor or the fleet, not about one agent. */
  readonly agentId: string | null;
  readonly type: EventType;
  readonly data: Readonly<Record<string, JsonValue>>;
  /** Wall clock, epoch milliseconds. */
  readonly occurredAt: number;
}

/** An event as it was recorded. */
export interface AgentEvent extends EventDraft {
  /** 1, 2, 3 ... without a gap or a double, in the order of recording. */
  readonly seq: number;
  /** UUID. */
  readonly id: string;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

export function isEventType(value: string): value is EventType {
  return TYPES.has(value);
}
