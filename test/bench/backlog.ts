import { sql } from 'kysely';
import type { Database, WriteQueue } from '../../src/persistence';
import { agent, checks, circuit, restarts } from '../support/mirror-world';

/** Number of rows that are written in one transaction. */
const PIECE = 100;
export const BACKLOG = 20_000;
/** Number of waiting changes above which health checks are not recorded. */
const CHECKS_UP_TO = 10_000;

/** Returns the statements that write `PIECE` rows of a backlog, numbered from `first`. */
export type Piece = (first: number) => readonly string[];

/** Writes only events. */
export const eventsAlone: Piece = (first) => [events(first, PIECE)];

/** Writes rows of all five tables, as a fleet with repeated failures does. Each row changes once. */
export const allKinds: Piece = (first) => {
  const checked = first <= CHECKS_UP_TO ? 10 : 0;
  const others = [checks(checked), restarts(3), agent(`agent-${first}`), circuit(`agent-${first}`, 1)];
  return [events(first, PIECE - checked - 5), ...others];
};

/** Writes the backlog. Triggers add each change to the outbox. */
export async function fill(queue: WriteQueue, piece: Piece): Promise<void> {
  for (let first = 1; first <= BACKLOG; first += PIECE) {
    await queue.submit(async (tx) => {
      for (const statement of piece(first)) await sql.raw(statement).execute(tx);
    });
  }
}

/** Copies the outbox, so that {@link refill} can restore it. */
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

/** Each event is about 300 bytes in a request. */
const events = (first: number, count: number) => `
  insert into actp_agent_events (id, instance, seq, agent_id, type, data, occurred_at)
    select gen_random_uuid(), 'one', n, 'agent-' || n % 50, 'agent.exited', jsonb_build_object(
      'incidentId', gen_random_uuid(), 'pid', n, 'exitCode', 1, 'reason', 'it exited with code 1 after 12.3 s'
    ), now()
    from generate_series(${first}, ${first + count - 1}) n`;
