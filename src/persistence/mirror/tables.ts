/** A table that is mirrored, and the column that tells its rows apart, here and there. */
export interface MirroredTable {
  readonly name:
    | 'actp_agent_registry'
    | 'actp_agent_health_log'
    | 'actp_agent_restarts'
    | 'actp_circuit_breakers'
    | 'actp_agent_events';
  readonly key: 'id' | 'agent_id';
  /** Whether its rows are only added and removed, never changed. */
  readonly isHistory: boolean;
}

export const HEALTH_LOG = 'actp_agent_health_log';

export const REGISTRY: MirroredTable = { name: 'actp_agent_registry', key: 'id', isHistory: false };

/** What a person looks for first comes first. */
export const MIRRORED_TABLES: readonly MirroredTable[] = [
  REGISTRY,
  { name: 'actp_circuit_breakers', key: 'agent_id', isHistory: false },
  { name: 'actp_agent_events', key: 'id', isHistory: true },
  { name: 'actp_agent_restarts', key: 'id', isHistory: true },
  { name: HEALTH_LOG, key: 'id', isHistory: true },
];
