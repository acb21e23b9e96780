import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, isoTime, type Clock } from '../kernel';
import { Database, InstanceIdentity, type Tx } from '../persistence';
import { parseSavedCircuit } from './saved-circuit';
import type { Circuit } from './transitions';

/**
 * Stores circuits in their table. A change of an agent saves its circuit in the same transaction. Rows hold wall-clock
 * times, because times on the scale of `Clock.now()` are meaningless to a later process.
 */
@Injectable()
export class CircuitStore {
  private readonly logger = new Logger('Circuit');

  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async loadAll(): Promise<ReadonlyMap<string, Circuit>> {
    const rows = await this.database.read((db) => db.selectFrom('actp_circuit_breakers').selectAll().execute());
    const time = (value: Date | null) => value?.getTime() ?? null;
    return new Map(
      rows.map((row) => {
        const { value, faults } = parseSavedCircuit({
          state: row.state,
          failureCount: row.failure_count,
          recentFailures: row.recent_failures,
          lastFailureAt: time(row.last_failure_at),
          trippedAt: time(row.tripped_at),
          dueAt: time(row.due_at),
          cooldownMs: row.cooldown_ms,
          trialBy: row.trial_by,
        });
        if (faults.length > 0) this.logger.error({ agentId: row.agent_id, faults }, 'saved circuit invalid');
        return [row.agent_id, value];
      }),
    );
  }

  /** Saves a circuit. @param wallOffsetMs wall clock minus `Clock.now()` at the decision, in milliseconds */
  async save(tx: Tx, agentId: string, circuit: Circuit, wallOffsetMs: number): Promise<void> {
    const time = (value: number | null) => (value === null ? null : isoTime(value));
    const columns = {
      instance: this.instance.id,
      state: circuit.state,
      failure_count: circuit.failureCount,
      recent_failures: JSON.stringify(circuit.recentFailures.map((at) => at + wallOffsetMs)),
      last_failure_at: time(circuit.lastFailureAt),
      tripped_at: time(circuit.trippedAt),
      due_at: time(circuit.dueAt === null ? null : circuit.dueAt + wallOffsetMs),
      cooldown_ms: circuit.cooldownMs,
      trial_by: circuit.trialBy,
      updated_at: isoTime(this.clock.wall()),
    };
    await tx
      .insertInto('actp_circuit_breakers')
      .values({ agent_id: agentId, ...columns })
      .onConflict((conflict) => conflict.column('agent_id').doUpdateSet(columns))
      .execute();
  }

  async remove(tx: Tx, agentId: string): Promise<void> {
    await tx.deleteFrom('actp_circuit_breakers').where('agent_id', '=', agentId).execute();
  }
}
