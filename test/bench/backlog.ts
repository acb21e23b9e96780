import { sql } from 'kysely';
import type { Database, WriteQueue } from '../../src/persistence';
import { agent, checks, circuit, restarts } from '../support/mirror-world';

/** A piece of a backlog is written at once. */
const PIECE = 100;
export const BACKLOG = 20_000;
/** Where so many changes wait already, health checks are not noted any more. */
const CHECKS_UP_TO = 10_000;

/** Writes a part of a backlog: `PIECE` rows, numbered from `first` on. */
export type Piece = (first: number) => readonly string[];

/** The agents' history alone. */
export const eventsAlone: Piece = (first) => [events(first, PIECE)];

/** As a fleet leaves it that falls ill again and again: all kinds, each row changed once. */
export const allKinds: Piece = (first) => {
  const checked = first <= CHECKS_UP_TO ? 10 : 0;
  const others = [checks(checked), restarts(3), agent(`agent-${first}`), circuit(`agent-${first}`, 1)];
  return [events(first, PIECE - checked - 5), ...others];
};

/** Fills the outbox, by the triggers that note each change of ours. */
export async function fill(queue: WriteQueue, piece: Piece): Promise<void> {
  for (let first = 1; first <= BACKLOG; first += PIECE) {
    await queue.submit(async (tx) => {
      for (const statement of piece(first)) await sql.raw(statement).execute(tx);
    });
  }
}

/** Keeps what the outbox holds, so that {@link refill} can bring it back. */
export async function keepOutbox(database: Database): Promise<void> {
  await database.transaction((tx) => sql`create table local.kept_outbox as table local.outbox`.execute(tx));
}

export async function refill(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`truncate local.outbox`.execute(tx);
    await sql`
      insert into local.outbox (table_name, row_key) select table_name, row_key from local.kept_outbox order by position
    `.execute(tx);
  });
}

/** About 300 bytes each on their way. */
const events = (first: number, count: number) => `
  insert into actp_agent_events (id, instance, seq, agent_id, type, data, occurred_at)
    select gen_random_uuid(), 'one', n, 'agent-' || n % 50, 'agent.exited', jsonb_build_object(
      'incidentId', gen_random_uuid(), 'pid', n, 'exitCode', 1, 'reason', 'it exited with code 1 after 12.3 s'
    ), now()
    from generate_series(${first}, ${first + count - 1}) n`;
