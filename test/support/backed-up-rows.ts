import { sql } from 'kysely';
import type { Database } from '../../src/persistence';

/** Number of events of a filled database. */
export const EVENTS = 1_203;

const UUID = '00000000-0000-4000-8000-';

/** Tables of the mirror, which a backup leaves out: a restored database is another writer, and is compared again. */
const MIRROR_TABLES = ['outbox', 'mirror', 'mirror_refusal'];
const isOfTheWriter = (row: string) => /"key": "(?:writer_id|successor_of)"/.test(row);

/** Undoes the one change of a restore: it marks the states as restored. */
const asSaved = (row: string) => row.replace('"is_restored": true', '"is_restored": false');

/** Inserts rows into every table that a backup contains, with values that are easily damaged. */
export async function fillEveryTable(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await sql`insert into actp_agent_registry (id, instance, agent_id, name, tags, policy, registered_at, updated_at)
      values (${`${UUID}000000000001`}, 'test', 'ä-"1"', 'Zeile\nzwei', '["x"]', '{"a": {"b": [1.5, null]}}',
      '2026-01-02 03:04:05.123456+02', now())`.execute(tx);
    await sql`insert into actp_circuit_breakers (agent_id, instance, state, recent_failures, cooldown_ms, updated_at)
      values ('a', 'test', 'OPEN', '[1.25, 2]', 0.1, now())`.execute(tx);
    await sql`insert into actp_mirror_owner (instance, writer, claimed_at)
      values ('test', ${`${UUID}000000000002`}, now())`.execute(tx);
    await sql`insert into local.supervision (agent_id, state) values ('a', '{"phase": {"kind": "stopped"}}')`.execute(
      tx,
    );
    await sql`insert into local.heartbeat (agent_id, announced) values ('a', null), ('b', '{"endpoint": null}')`.execute(
      tx,
    );
    await sql`insert into local.token_use (agent_id, use) values ('a', '{"counter": null, "buckets": []}')`.execute(tx);
    await sql`insert into local.notice (id, incident_id, kind, body, created_at) values ('n', 'i', 'recovered', '{}', 1.5)`.execute(
      tx,
    );
    await sql`insert into local.agent_health_headers (agent_id, headers) values ('a', '{"X-Key": "ge\\"heim"}')`.execute(
      tx,
    );
    await sql`insert into local.agent_card (agent_id, card) values ('a', '{"name": "ge\\"heim"}')`.execute(tx);
    await sql`insert into local.agent_env (agent_id, env) values ('a', '{"KEY": "ge\\"heim\\n"}')`.execute(tx);
    await sql`insert into actp_agent_restarts (id, instance, agent_id, reason, success, restarted_at)
      select (${UUID} || lpad(n::text, 12, '0'))::uuid, 'test', 'a', 'r', true, timestamptz '2026-01-01' + (n / 600) * interval '1 s'
      from generate_series(1, 1100) n`.execute(tx);
    await sql`insert into actp_agent_health_log (id, instance, agent_id, health_score, response_ms, checked_at)
      values (gen_random_uuid(), 'test', 'a', 99, 0.1, now())`.execute(tx);
    await sql`insert into actp_agent_events (id, instance, seq, type, data, occurred_at)
      select gen_random_uuid(), 'test', n, 'agent.spawned', '{}', now() from generate_series(1, ${EVENTS}::int) n`.execute(
      tx,
    );
    await sql`update local.meta set value = to_jsonb(${EVENTS}::int) where key = 'event_seq'`.execute(tx);
  });
}

/** Returns every row of every table, as text made by Postgres. */
export async function readEveryRow(database: Database): Promise<Record<string, unknown[]>> {
  return database.read(async (db) => {
    const tables = await sql<{ name: string }>`select schemaname || '.' || tablename as name from pg_tables
      where schemaname in ('public', 'local') and tablename <> 'applied_migration'
        and tablename <> all(${MIRROR_TABLES}) order by 1`.execute(db);
    const rows: Record<string, unknown[]> = {};
    for (const { name } of tables.rows) {
      const all = await sql<{
        row: string;
      }>`select to_jsonb(t)::text as row from ${sql.table(name)} t order by 1`.execute(db);
      rows[name] = all.rows.map(({ row }) => asSaved(row)).filter((row) => !isOfTheWriter(row));
    }
    return rows;
  });
}
