import { Injectable } from '@nestjs/common';
import { isoTime } from '../kernel';
import { Database, InstanceIdentity, WriteQueue, type Tx } from '../persistence';
import type { CircuitRows } from './circuit-breaker';
import type { Circuit } from './transitions';

/** Circuits in their table; whoever changes an agent saves its circuit in the same transaction. */
@Injectable()
export class CircuitStore implements CircuitRows {
  constructor(
    private readonly database: Database,
    private readonly queue: WriteQueue,
    private readonly instance: InstanceIdentity,
  ) {}

  async loadAll(): Promise<ReadonlyMap<string, Circuit>> {
    const rows = await this.database.read((db) => db.selectFrom('actp_circuit_breakers').selectAll().execute());
    const time = (value: Date | null) => value?.getTime() ?? null;
    return new Map(
      rows.map((row) => [
        row.agent_id,
        {
          state: row.state,
          failureCount: row.failure_count,
          recentFailures: row.recent_failures,
          lastFailureAt: time(row.last_failure_at),
          trippedAt: time(row.tripped_at),
          dueAt: time(row.due_at),
          cooldownMs: row.cooldown_ms,
          trialBy: row.trial_by,
        },
      ]),
    );
  }

  saveEventually(agentId: string, circuit: Circuit): void {
    void this.queue.submitEventually((tx) => this.save(tx, agentId, circuit), `circuit of ${agentId}`);
  }

  async save(tx: Tx, agentId: string, circuit: Circuit): Promise<void> {
    const time = (value: number | null) => (value === null ? null : isoTime(value));
    const columns = {
      instance: this.instance.id,
      state: circuit.state,
      failure_count: circuit.failureCount,
      recent_failures: JSON.stringify(circuit.recentFailures),
      last_failure_at: time(circuit.lastFailureAt),
      tripped_at: time(circuit.trippedAt),
      due_at: time(circuit.dueAt),
      cooldown_ms: circuit.cooldownMs,
      trial_by: circuit.trialBy,
      updated_at: isoTime(Date.now()),
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
