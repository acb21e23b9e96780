import type { ColumnType, Generated } from 'kysely';

/** JSON column: written as the output of `JSON.stringify`, read as a parsed value. */
export type Json<T> = ColumnType<T, string, string>;
type Time = ColumnType<Date, string, string>;
type NullableTime = ColumnType<Date | null, string | null, string | null>;

export interface AgentRegistryTable {
  id: string;
  instance: string;
  agent_id: string;
  name: string;
  entry_point: string | null;
  args: Json<string[]>;
  interpreter: string | null;
  cwd: string | null;
  env_names: Json<string[]>;
  env_from: Json<string[]>;
  tags: Json<string[]>;
  capabilities: Json<string[]>;
  health_url: string | null;
  endpoint: string | null;
  api_role: 'viewer' | 'operator' | null;
  max_memory_mb: number | null;
  autostart: boolean;
  policy: Json<Record<string, unknown>>;
  desired_state: 'running' | 'stopped';
  status: string;
  registered_at: Time;
  updated_at: Time;
}

export interface AgentHealthLogTable {
  id: string;
  instance: string;
  agent_id: string;
  health_score: number | null;
  response_ms: number | null;
  error: string | null;
  checked_at: Time;
}

export interface AgentRestartsTable {
  id: string;
  instance: string;
  agent_id: string;
  reason: string;
  pid_before: number | null;
  pid_after: number | null;
  success: boolean;
  incident_id: string | null;
  restarted_at: Time;
}

export interface CircuitBreakersTable {
  agent_id: string;
  instance: string;
  state: 'CLOSED' | 'OPEN' | 'HALF_OPEN';
  failure_count: number;
  recent_failures: Json<number[]>;
  last_failure_at: NullableTime;
  tripped_at: NullableTime;
  due_at: NullableTime;
  cooldown_ms: number;
  trial_by: 'healing' | 'operator' | null;
  updated_at: Time;
}

export interface AgentEventsTable {
  id: string;
  instance: string;
  /** A bigint, converted to a number. */
  seq: ColumnType<number, number, never>;
  agent_id: string | null;
  type: string;
  data: Json<Record<string, unknown>>;
  occurred_at: Time;
}

export interface MetaTable {
  key: string;
  value: Json<unknown>;
}

export interface SupervisionTable {
  agent_id: string;
  state: Json<unknown>;
  boot_id: string | null;
  is_restored: Generated<boolean>;
  /** Wall clock minus `Clock.now()` of the process that saved the row, in milliseconds. */
  wall_offset_ms: Generated<number>;
  saved_at: Generated<Date>;
}

export interface HeartbeatTable {
  agent_id: string;
  /** Run and process of the announcement; null for an external agent. */
  incarnation: string | null;
  announced: ColumnType<unknown, string | null, string | null>;
  last_task: string | null;
  /** Run that reported the last task; null in rows of an older version, in which the run of the incarnation did. */
  task_run: string | null;
  updated_at: Generated<Date>;
}

export interface TokenUseTable {
  agent_id: string;
  use: Json<unknown>;
}

export interface NoticeTable {
  id: string;
  incident_id: string;
  kind: string;
  body: Json<unknown>;
  told: Json<string[]>;
  state: 'waiting' | 'told';
  /** Wall clock, epoch milliseconds. */
  created_at: number;
  remind_at: number | null;
}

export interface AgentEnvTable {
  agent_id: string;
  env: Json<Record<string, string>>;
}

export interface AgentHealthHeadersTable {
  agent_id: string;
  headers: Json<Record<string, string>>;
}

export interface AgentCardTable {
  agent_id: string;
  card: Json<Record<string, unknown>>;
}

export interface OutboxTable {
  position: Generated<number>;
  table_name: string;
  /** Key of the row in its table: a UUID, or an agent id. */
  row_key: string;
  noted_at: Generated<Date>;
}

export interface MirrorRefusalTable {
  table_name: string;
  row_key: string;
  error: string;
  tries: number;
  refused_at: Time;
}

export interface MirrorTable {
  /** URL of the Supabase project. */
  project: string;
  /** true: the project may differ from this database in rows that the outbox does not list. */
  needs_comparison: Generated<boolean>;
  /** Number of times that health checks were not noted, and the number that comparisons have covered. */
  checks_left_out: Generated<number>;
  checks_compared: Generated<number>;
}

export interface AppliedMigrationTable {
  name: string;
  checksum: string;
  applied_at: Generated<Date>;
}

/** All tables: those of the contract, and the bookkeeping of this machine, which is never mirrored. */
export interface Schema {
  actp_agent_registry: AgentRegistryTable;
  actp_agent_health_log: AgentHealthLogTable;
  actp_agent_restarts: AgentRestartsTable;
  actp_circuit_breakers: CircuitBreakersTable;
  actp_agent_events: AgentEventsTable;
  'local.meta': MetaTable;
  'local.supervision': SupervisionTable;
  'local.heartbeat': HeartbeatTable;
  'local.token_use': TokenUseTable;
  'local.notice': NoticeTable;
  'local.agent_env': AgentEnvTable;
  'local.agent_health_headers': AgentHealthHeadersTable;
  'local.agent_card': AgentCardTable;
  'local.outbox': OutboxTable;
  'local.mirror_refusal': MirrorRefusalTable;
  'local.mirror': MirrorTable;
  'local.applied_migration': AppliedMigrationTable;
}
