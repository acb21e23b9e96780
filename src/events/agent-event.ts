/** Closed set of the contract's event types (`actp_agent_events.type`). */
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

/** Event before it is recorded. Its data are chosen fields, never a whole environment or PM2 packet. */
export interface EventDraft {
  /** null: the event is about the supervisor or the fleet. */
  readonly agentId: string | null;
  readonly type: EventType;
  readonly data: Readonly<Record<string, JsonValue>>;
  /** Wall clock, epoch milliseconds. */
  readonly occurredAt: number;
}

/** Recorded event. */
export interface AgentEvent extends EventDraft {
  /** 1, 2, 3 ... without gaps or duplicates, in the order of recording. */
  readonly seq: number;
  /** UUID. */
  readonly id: string;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

export function isEventType(value: string): value is EventType {
  return TYPES.has(value);
}
