export {
  EVENT_TYPES,
  isEventType,
  type AgentEvent,
  type EventDraft,
  type EventType,
  type JsonValue,
} from './agent-event';
export { EventLog, type EventQuery } from './event-log';
export { EventsModule } from './events.module';
export { RestartLog, type RestartDraft, type RestartRow } from './restart-log';
