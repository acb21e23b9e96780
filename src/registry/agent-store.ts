import { Injectable } from '@nestjs/common';
import { isExternal, isoTime, type AgentDefinition, type AgentStatus, type DesiredState } from '../kernel';
import { Database, InstanceIdentity, type Schema, type Tx } from '../persistence';
import { sql, type Selectable } from 'kysely';

/** A definition that is registered. */
export interface RegisteredAgent extends AgentDefinition {
  /** UUID of its row. */
  readonly id: string;
  /** Names of `env` whose values are not on this machine: the agent was brought back from the mirror, which has none. */
  readonly missingEnv: readonly string[];
  /** Wall clock, epoch milliseconds. */
  readonly registeredAt: number;
  readonly updatedAt: number;
}

export interface StoredAgent {
  readonly agent: RegisteredAgent;
  readonly desired: DesiredState;
}

type Row = Selectable<Schema['actp_agent_registry']>;

/** Definitions in their table; values of `env` in one of this machine alone. */
@Injectable()
export class AgentStore {
  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
  ) {}

  async loadAll(): Promise<StoredAgent[]> {
    const rows = await this.database.read((db) =>
      db
        .selectFrom('actp_agent_registry')
        .leftJoin('local.agent_env', 'local.agent_env.agent_id', 'actp_agent_registry.agent_id')
        .selectAll('actp_agent_registry')
        .select('local.agent_env.env')
        .orderBy('actp_agent_registry.registered_at')
        .orderBy('actp_agent_registry.agent_id')
        .execute(),
    );
    return rows.map((row) => ({ agent: agentOf(row, row.env ?? {}), desired: row.desired_state }));
  }

  async save(tx: Tx, agent: RegisteredAgent): Promise<void> {
    const columns = columnsOf(agent);
    await tx
      .insertInto('actp_agent_registry')
      .values({
        ...columns,
        id: agent.id,
        instance: this.instance.id,
        agent_id: agent.agentId,
        // An external agent is watched from the first moment on.
        desired_state: isExternal(agent) ? 'running' : 'stopped',
        status: isExternal(agent) ? 'unknown' : 'stopped',
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...columns, instance: this.instance.id }))
      .execute();
    const env = JSON.stringify(agent.env);
    await tx
      .insertInto('local.agent_env')
      .values({ agent_id: agent.agentId, env })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ env }))
      .execute();
  }

  /** Nothing is written, and nothing mirrored, where they are so already. @param status null: as it is */
  async saveDesired(tx: Tx, agentId: string, desired: DesiredState, status: AgentStatus | null): Promise<void> {
    const columns = { desired_state: desired, ...(status === null ? {} : { status }) };
    const isOther = Object.entries(columns).map(([name, value]) => sql<boolean>`${sql.ref(name)} <> ${value}`);
    await tx
      .updateTable('actp_agent_registry')
      .set(columns)
      .where('agent_id', '=', agentId)
      .where((where) => where.or(isOther))
      .execute();
  }

  async remove(tx: Tx, agentId: string): Promise<void> {
    await tx.deleteFrom('actp_agent_registry').where('agent_id', '=', agentId).execute();
    await tx.deleteFrom('local.agent_env').where('agent_id', '=', agentId).execute();
  }

  /** Whether the agents of the first start were registered here before. */
  async wasSeeded(): Promise<boolean> {
    const row = await this.database.read((db) =>
      db.selectFrom('local.meta').select('key').where('key', '=', 'seeded').executeTakeFirst(),
    );
    return row !== undefined;
  }

  async noteSeeded(tx: Tx): Promise<void> {
    await tx
      .insertInto('local.meta')
      .values({ key: 'seeded', value: 'true' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function columnsOf(agent: RegisteredAgent) {
  return {
    name: agent.name,
    entry_point: agent.entryPoint,
    args: JSON.stringify(agent.args),
    interpreter: agent.interpreter,
    cwd: agent.cwd,
    env_names: JSON.stringify([...Object.keys(agent.env), ...agent.missingEnv]),
    env_from: JSON.stringify(agent.envFrom),
    tags: JSON.stringify(agent.tags),
    capabilities: JSON.stringify(agent.capabilities),
    health_url: agent.healthUrl,
    endpoint: agent.endpoint,
    api_role: agent.apiRole,
    max_memory_mb: agent.maxMemoryMb,
    autostart: agent.autostart,
    policy: JSON.stringify(agent.policy),
    registered_at: isoTime(agent.registeredAt),
    updated_at: isoTime(agent.updatedAt),
  };
}

function agentOf(row: Row, env: Record<string, string>): RegisteredAgent {
  return {
    id: row.id,
    agentId: row.agent_id,
    name: row.name,
    entryPoint: row.entry_point,
    args: row.args,
    interpreter: row.interpreter,
    cwd: row.cwd,
    env,
    missingEnv: row.env_names.filter((name) => !(name in env)),
    envFrom: row.env_from,
    tags: row.tags,
    capabilities: row.capabilities,
    healthUrl: row.health_url,
    endpoint: row.endpoint,
    apiRole: row.api_role,
    maxMemoryMb: row.max_memory_mb,
    autostart: row.autostart,
    policy: row.policy,
    registeredAt: row.registered_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
}
