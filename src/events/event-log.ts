import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { isoTime, NEW_ID, type NewId } from '../kernel';
import { Database, InstanceIdentity, type Tx } from '../persistence';
import { isEventType, type AgentEvent, type EventDraft, type EventType, type JsonValue } from './agent-event';

export interface EventQuery {
  readonly agentId?: string;
  readonly type?: EventType;
  /** Only events after this one; undefined: the latest. */
  readonly after?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** The history. An event is recorded in the transaction of the change that it tells of. */
@Injectable()
export class EventLog {
  constructor(
    private readonly database: Database,
    private readonly instance: InstanceIdentity,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  /** Records events in the order given; `seq` is taken in the same transaction, hence without a gap or a double. */
  async append(tx: Tx, drafts: readonly EventDraft[]): Promise<AgentEvent[]> {
    if (drafts.length === 0) return [];
    const last = await this.takeNumbers(tx, drafts.length);
    const events = drafts.map((draft, index) => ({
      ...draft,
      id: this.newId(),
      seq: last - drafts.length + 1 + index,
    }));
    await tx
      .insertInto('actp_agent_events')
      .values(
        events.map((event) => ({
          id: event.id,
          instance: this.instance.id,
          seq: event.seq,
          agent_id: event.agentId,
          type: event.type,
          data: JSON.stringify(event.data),
          occurred_at: isoTime(event.occurredAt),
        })),
      )
      .execute();
    return events;
  }

  /** Ascending by `seq`; without `after` the latest ones. */
  async list(query: EventQuery): Promise<AgentEvent[]> {
    const forwards = query.after !== undefined;
    const rows = await this.database.read((db) => {
      let select = db.selectFrom('actp_agent_events').select(['seq', 'id', 'agent_id', 'type', 'data', 'occurred_at']);
      if (query.agentId !== undefined) select = select.where('agent_id', '=', query.agentId);
      if (query.type !== undefined) select = select.where('type', '=', query.type);
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

  /** Reserves so many numbers; @returns the last of them */
  private async takeNumbers(tx: Tx, count: number): Promise<number> {
    const { rows } = await sql<{ last: number }>`
      update local.meta set value = to_jsonb((value #>> '{}')::bigint + ${count}) where key = 'event_seq'
      returning (value #>> '{}')::float8 as last
    `.execute(tx);
    const last = rows[0]?.last;
    if (last === undefined) throw new Error('the counter of events is missing from local.meta');
    return last;
  }
}
