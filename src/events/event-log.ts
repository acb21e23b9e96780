import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { isoTime, NEW_ID, type NewId } from '../kernel';
import { Database, InstanceIdentity, type Tx } from '../persistence';
import { isEventType, type AgentEvent, type EventDraft, type EventType, type JsonValue } from './agent-event';

export interface EventQuery {
  readonly agentId?: string;
  readonly type?: EventType;
  readonly incidentId?: string;
  /** Returns only events after this `seq`; undefined: the latest events. */
  readonly after?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** Stores the history of events. An event is recorded in the transaction of the change that it describes. */
@Injectable()
export class EventLog {
  private readonly waiting = new WeakMap<Tx, EventDraft[]>();

  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /**
   * Records events in the given order just before the transaction commits, in one statement per transaction. `seq` is
   * assigned in that statement, so it has no gaps or duplicates. If recording fails, the commit fails.
   */
  append(tx: Tx, drafts: readonly EventDraft[]): void {
    if (drafts.length === 0) return;
    const waiting = this.waiting.get(tx);
    if (waiting !== undefined) {
      waiting.push(...drafts);
      return;
    }
    const first = [...drafts];
    this.waiting.set(tx, first);
    this.database.beforeCommit(tx, () => this.insert(tx, first));
  }

  /** Returns events, ascending by `seq`; without `after` the latest ones. */
  async list(query: EventQuery): Promise<AgentEvent[]> {
    const forwards = query.after !== undefined;
    const rows = await this.database.read((db) => {
      let select = db.selectFrom('actp_agent_events').select(['seq', 'id', 'agent_id', 'type', 'data', 'occurred_at']);
      if (query.agentId !== undefined) select = select.where('agent_id', '=', query.agentId);
      if (query.type !== undefined) select = select.where('type', '=', query.type);
      if (query.incidentId !== undefined) select = select.where(sql`data ->> 'incidentId'`, '=', query.incidentId);
      if (query.after !== undefined) select = select.where('seq', '>', query.after);
      return select
        .orderBy('seq', forwards ? 'asc' : 'desc')
        .limit(query.limit)
        .execute();
    });
    const events = rows.flatMap((row) =>
      isEventType(row.type)
        ? [
            {
              seq: row.seq,
              id: row.id,
              agentId: row.agent_id,
              type: row.type,
              data: row.data as Readonly<Record<string, JsonValue>>,
              occurredAt: row.occurred_at.getTime(),
            },
          ]
        : [],
    );
    return forwards ? events : events.reverse();
  }

  private async insert(tx: Tx, drafts: readonly EventDraft[]): Promise<void> {
    const rows = drafts.map(({ agentId, type, data, occurredAt }) => ({
      ...{ id: this.newId(), agent_id: agentId, type, data, occurred_at: isoTime(occurredAt) },
    }));
    const recorded = await sql`
      with counter as (
        update local.meta set value = to_jsonb((value #>> '{}')::bigint + ${rows.length}::bigint) where key = 'event_seq'
        returning (value #>> '{}')::bigint - ${rows.length}::bigint as before
      )
      insert into actp_agent_events (id, instance, seq, agent_id, type, data, occurred_at)
      select (event ->> 'id')::uuid, ${this.instance.id}::text, before + place, event ->> 'agent_id', event ->> 'type',
        event -> 'data', (event ->> 'occurred_at')::timestamptz
      from counter, jsonb_array_elements(${JSON.stringify(rows)}::jsonb) with ordinality events(event, place)
      returning seq
    `.execute(tx);
    if (recorded.rows.length !== rows.length)
      throw new Error('The event counter is missing from local.meta. Restore the database from a backup.');
  }
}
