import { Inject, Injectable, Logger } from '@nestjs/common';
import { isExternal, type AgentStatus } from '../kernel';
import { CircuitStore } from '../circuit';
import { Heartbeats, TokenBudgets } from '../health';
import { Database, type Tx } from '../persistence';
import { AgentDefinitions } from '../registry';
import { PROCESS_INSPECTOR, type ProcessInspector } from '../processes';
import type { Change } from './actor/journal';
import { externalStatusOf, parseSavedState, statusOf, type AgentState } from './machine';

export interface SavedSupervision {
  readonly state: AgentState;
  /**
   * `this-boot`: saved since the machine booted. `earlier-boot`: the machine has rebooted since, so no recorded process
   * lives. `restored`: restored from a backup.
   */
  readonly origin: 'this-boot' | 'earlier-boot' | 'restored';
  /** Wall clock minus `Clock.now()` at the save. */
  readonly wallOffsetMs: number;
}

/** Reads and writes what is kept about the agents, each fact in its owner's table. */
@Injectable()
export class AgentStateStore {
  private readonly logger = new Logger('Supervision');
  private readonly bootId: string;

  constructor(
    private readonly database: Database,
    private readonly definitions: AgentDefinitions,
    private readonly circuits: CircuitStore,
    private readonly heartbeats: Heartbeats,
    private readonly tokens: TokenBudgets,
    @Inject(PROCESS_INSPECTOR) inspector: Pick<ProcessInspector, 'bootId'>,
  ) {
    this.bootId = inspector.bootId();
  }

  /** Returns the saved states, by agent. */
  async loadAll(): Promise<ReadonlyMap<string, SavedSupervision>> {
    const rows = await this.database.read((db) =>
      db
        .selectFrom('local.supervision')
        .select(['agent_id', 'state', 'boot_id', 'is_restored', 'wall_offset_ms'])
        .execute(),
    );
    return new Map(
      rows.map((row) => {
        const isFromEarlierBoot = row.boot_id !== null && row.boot_id !== this.bootId;
        const origin = isFromEarlierBoot ? 'earlier-boot' : row.is_restored ? 'restored' : 'this-boot';
        return [
          row.agent_id,
          { state: this.readState(row.agent_id, row.state), origin, wallOffsetMs: row.wall_offset_ms },
        ];
      }),
    );
  }

  /** Saves the changes of definition and token budget. These must not be skipped. */
  async saveDefinition(tx: Tx, { agentId, definition, tokens }: Change): Promise<void> {
    if (definition?.kind === 'removed') return this.removeRows(tx, agentId);
    if (definition !== null) await this.definitions.saveDefinition(tx, definition.agent);
    if (tokens === 'reset') await this.tokens.saveReset(tx, agentId);
    if (tokens === 'reset-undone') await this.tokens.undoReset(tx, agentId);
  }

  /** Saves the latest state. A later decision of the agent may supersede it before it is saved. */
  async saveState(tx: Tx, change: Change): Promise<void> {
    const { agentId, definition } = change;
    if (definition?.kind === 'removed') return;
    const offset = { wall_offset_ms: change.wallOffsetMs };
    const row = { state: JSON.stringify(change.state), boot_id: this.bootId, is_restored: false, ...offset };
    await tx
      .insertInto('local.supervision')
      .values({ agent_id: agentId, ...row })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(row))
      .execute();
    await this.definitions.saveDesired(tx, agentId, change.desired, this.statusOf(change));
    await this.circuits.save(tx, agentId, change.circuit, change.wallOffsetMs);
  }

  /** Reads the saved state of an agent. Logs invalid parts by their place, never by their content. */
  private readState(agentId: string, json: unknown): AgentState {
    const { value, faults } = parseSavedState(json);
    if (faults.length > 0) this.logger.error({ agentId, faults }, 'saved state invalid; the first snapshot decides');
    return value;
  }

  /** Returns the status for readers of the table. The part that health adds is no decision, and is not saved. */
  private statusOf(change: Change): AgentStatus {
    const agent =
      change.definition?.kind === 'saved' ? change.definition.agent : this.definitions.findAgent(change.agentId);
    return agent !== null && isExternal(agent) ? externalStatusOf(change) : statusOf(change);
  }

  /** Deletes everything of an unregistered agent but its history. */
  private async removeRows(tx: Tx, agentId: string): Promise<void> {
    await this.definitions.removeDefinition(tx, agentId);
    await tx.deleteFrom('local.supervision').where('agent_id', '=', agentId).execute();
    await this.circuits.remove(tx, agentId);
    await this.heartbeats.removeRows(tx, agentId);
    await this.tokens.removeRows(tx, agentId);
  }
}
