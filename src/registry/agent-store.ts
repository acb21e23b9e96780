import { Injectable, Logger } from '@nestjs/common';
import { isExternal, isoTime, type AgentStatus, type DesiredState, type Saved } from '../kernel';
import { Database, InstanceIdentity, type Schema, type Tx } from '../persistence';
import { sql, type Selectable } from 'kysely';
import type { RegisteredAgent } from './registered-agent';
import { parseSavedCard, parseSavedColumns, parseSavedEnv, parseSavedHeaders, parseSavedPolicy } from './saved-agent';

export interface StoredAgent {
  readonly agent: RegisteredAgent;
  readonly desired: DesiredState;
}

type Row = Selectable<Schema['actp_agent_registry']>;

/** Columns of the local tables; null: the agent has no such row. */
interface LocalColumns {
  readonly env: unknown;
  readonly headers: unknown;
  readonly card: unknown;
}

/**
 * Stores definitions in the registry table. Values of `env`, all `healthHeaders` and agent cards are in local tables,
 * which are never mirrored.
 */
@Injectable()
export class AgentStore {
  private readonly logger = new Logger('Registry');

  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
  ) {}

  async loadAll(): Promise<StoredAgent[]> {
    const rows = await this.database.read((db) =>
      db
        .selectFrom('actp_agent_registry')
        .leftJoin('local.agent_env', 'local.agent_env.agent_id', 'actp_agent_registry.agent_id')
        .leftJoin('local.agent_health_headers as headers', 'headers.agent_id', 'actp_agent_registry.agent_id')
        .leftJoin('local.agent_card as cards', 'cards.agent_id', 'actp_agent_registry.agent_id')
        .selectAll('actp_agent_registry')
        .select(['local.agent_env.env', 'headers.headers', 'cards.card'])
        .orderBy('actp_agent_registry.registered_at')
        .orderBy('actp_agent_registry.agent_id')
        .execute(),
    );
    return rows.map((row) => {
      const { value: agent, faults } = agentOf(row);
      // Dropping the agent would leave its process without an owner.
      if (faults.length > 0)
        this.logger.error({ agentId: agent.agentId, faults }, 'saved agent invalid; members reset');
      return { agent, desired: row.desired_state };
    });
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
        // An external agent is watched from its registration on.
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
    await this.saveHeaders(tx, agent);
    await this.saveCard(tx, agent);
  }

  private async saveCard(tx: Tx, { agentId, card: given }: RegisteredAgent): Promise<void> {
    if (given === null) {
      await tx.deleteFrom('local.agent_card').where('agent_id', '=', agentId).execute();
      return;
    }
    const card = JSON.stringify(given);
    await tx
      .insertInto('local.agent_card')
      .values({ agent_id: agentId, card })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ card }))
      .execute();
  }

  private async saveHeaders(tx: Tx, { agentId, healthHeaders }: RegisteredAgent): Promise<void> {
    if (Object.keys(healthHeaders).length === 0) {
      await tx.deleteFrom('local.agent_health_headers').where('agent_id', '=', agentId).execute();
      return;
    }
    const headers = JSON.stringify(healthHeaders);
    await tx
      .insertInto('local.agent_health_headers')
      .values({ agent_id: agentId, headers })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet({ headers }))
      .execute();
  }

  /**
   * Saves the desired state. Writes, and so mirrors, nothing if the row has these values already.
   *
   * @param status null: unchanged
   */
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
    await tx.deleteFrom('local.agent_health_headers').where('agent_id', '=', agentId).execute();
    await tx.deleteFrom('local.agent_card').where('agent_id', '=', agentId).execute();
  }

  /** Returns true if the first-start agents were registered in this database before. */
  async isSeeded(): Promise<boolean> {
    const row = await this.database.read((db) =>
      db.selectFrom('local.meta').select('key').where('key', '=', 'seeded').executeTakeFirst(),
    );
    return row !== undefined;
  }

  async markSeeded(tx: Tx): Promise<void> {
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

/**
 * Returns true while the agent has its registry row. Call it in the transaction of a save, so that no row outlives its
 * agent.
 */
export async function isRegistered(tx: Tx, agentId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('actp_agent_registry')
    .select('agent_id')
    .where('agent_id', '=', agentId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Builds an agent from its row. Never throws: an invalid member gets its default. */
function agentOf(row: Row & LocalColumns): Saved<RegisteredAgent> {
  const { value: columns, faults: broken } = parseSavedColumns(row);
  const policy = parseSavedPolicy(row.policy);
  const env = parseSavedEnv(row.env);
  const headers = parseSavedHeaders(row.headers);
  const card = parseSavedCard(row.card);
  const agent = {
    id: row.id,
    agentId: row.agent_id,
    name: row.name,
    entryPoint: row.entry_point,
    args: columns.args,
    interpreter: row.interpreter,
    cwd: row.cwd,
    env: env.value,
    missingEnv: columns.env_names.filter((name) => !(name in env.value)),
    envFrom: columns.env_from,
    tags: columns.tags,
    capabilities: columns.capabilities,
    healthUrl: columns.health_url,
    healthHeaders: headers.value,
    endpoint: columns.endpoint,
    apiRole: columns.api_role,
    maxMemoryMb: columns.max_memory_mb,
    autostart: row.autostart,
    policy: policy.value,
    card: card.value,
    registeredAt: row.registered_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  };
  return { value: agent, faults: [...broken, ...policy.faults, ...env.faults, ...headers.faults, ...card.faults] };
}
