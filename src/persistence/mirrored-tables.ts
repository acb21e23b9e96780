/** Mirrored table, and the key column of its rows on both sides. */
export interface MirroredTable {
  readonly name:
    | 'actp_agent_registry'
    | 'actp_agent_health_log'
    | 'actp_agent_restarts'
    | 'actp_circuit_breakers'
    | 'actp_agent_events';
  readonly key: 'id' | 'agent_id';
  /** true: rows are only added and deleted, never updated. */
  readonly isHistory: boolean;
}

export const HEALTH_LOG = 'actp_agent_health_log';

export const REGISTRY: MirroredTable = { name: 'actp_agent_registry', key: 'id', isHistory: false };

/** Mirrored tables in the order of upload: those that operators look at first come first. */
export const MIRRORED_TABLES: readonly MirroredTable[] = [
  REGISTRY,
  { name: 'actp_circuit_breakers', key: 'agent_id', isHistory: false },
  { name: 'actp_agent_events', key: 'id', isHistory: true },
  { name: 'actp_agent_restarts', key: 'id', isHistory: true },
  { name: HEALTH_LOG, key: 'id', isHistory: true },
];
