import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { sql } from 'kysely';
import { resolveSettings, readSettings } from '../../src/config';
import type { Clock } from '../../src/kernel';
import { SupabaseMirror } from '../../src/mirror';
import { Outbox } from '../../src/mirror/outbox';
import { SupabaseProject } from '../../src/mirror/supabase-project';
import { UploadPass } from '../../src/mirror/upload-pass';
import { type Database, InstanceIdentity, WriteQueue } from '../../src/persistence';
import { FakeClock } from './fake-clock';
import type { SupabaseRig } from './supabase-rig';

export const MIRRORED = [
  'actp_agent_registry',
  'actp_agent_health_log',
  'actp_agent_restarts',
  'actp_circuit_breakers',
  'actp_agent_events',
] as const;

/** A mirror in this process, without the rest of the service. */
export interface MirrorWorld {
  readonly database: Database;
  readonly mirror: SupabaseMirror;
  readonly clock: FakeClock;
  /** Runs statements in one transaction, like the writers of the database. */
  write(...statements: readonly string[]): Promise<void>;
}

export interface MirrorWorldOptions {
  readonly url: string;
  readonly key: string;
  readonly database: Database;
  readonly instance?: string;
}

export async function makeMirrorWorld(options: MirrorWorldOptions): Promise<MirrorWorld> {
  Logger.overrideLogger(false);
  const { url, key, database, instance = 'one' } = options;
  const clock = new FakeClock();
  const queue = new WriteQueue(database, { clock, log: () => undefined });
  const identity = await InstanceIdentity.read(database, instance);
  const mirror = makeMirror({ database, queue, identity, clock, url, key });
  await mirror.begin();
  return {
    ...{ database, mirror, clock },
    write: (...statements) =>
      queue.submit(async (tx) => {
        for (const statement of statements) await sql.raw(statement).execute(tx);
      }),
  };
}

/** Creates a mirror that starts no pass by itself. */
export function makeMirror(parts: {
  readonly database: Database;
  readonly queue: WriteQueue;
  readonly identity: InstanceIdentity;
  readonly clock: Clock;
  readonly url: string;
  readonly key: string;
}): SupabaseMirror {
  const { database, queue, identity, clock, url, key } = parts;
  const given = readSettings({ SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key });
  const outbox = new Outbox(database, queue);
  const project = new SupabaseProject({ url, key, clock, writer: identity.writer });
  const upload = new UploadPass(database, queue, identity, outbox, project, clock);
  const settings = resolveSettings(given, '/', '/');
  return new SupabaseMirror(outbox, upload, new SchedulerRegistry(), settings, clock, () => 0.5);
}

/** Empties a database and resets it to one that never wrote to a mirror. */
export async function resetDatabase(database: Database): Promise<Database> {
  const tables = [...MIRRORED, 'local.outbox', 'local.mirror', 'local.mirror_refusal'];
  await database.transaction(async (tx) => {
    await sql.raw(`truncate ${tables.join(', ')}`).execute(tx);
    await sql.raw(`delete from local.meta where key in ('instance_id', 'writer_id', 'successor_of')`).execute(tx);
  });
  return database;
}

/** Returns a statement that inserts events numbered from `first`. */
export const events = (first: number, count: number, instance = 'one') =>
  `insert into actp_agent_events (id, instance, seq, agent_id, type, data, occurred_at)
    select gen_random_uuid(), '${instance}', n, 'a', 'agent.spawned', jsonb_build_object('n', n, 'text', 'ä "x" \\'), now()
    from generate_series(${first}, ${first + count - 1}) n`;

export const agent = (agentId: string, instance = 'one') =>
  `insert into actp_agent_registry (id, instance, agent_id, name, registered_at, updated_at)
    values (gen_random_uuid(), '${instance}', '${agentId}', '${agentId}', now(), now())`;

export const circuit = (agentId: string, failures: number, instance = 'one') =>
  `insert into actp_circuit_breakers (agent_id, instance, state, failure_count, recent_failures, cooldown_ms, updated_at)
    values ('${agentId}', '${instance}', 'CLOSED', ${failures}, '[1.5]', 0.1, now())
    on conflict (agent_id) do update set failure_count = excluded.failure_count, updated_at = now()`;

export const checks = (count: number, instance = 'one') =>
  `insert into actp_agent_health_log (id, instance, agent_id, health_score, response_ms, checked_at)
    select gen_random_uuid(), '${instance}', 'a', n % 101, n / 7.0, now() from generate_series(1, ${count}) n`;

export const restarts = (count: number, instance = 'one') =>
  `insert into actp_agent_restarts (id, instance, agent_id, reason, pid_after, success, restarted_at)
    select gen_random_uuid(), '${instance}', 'a', 'asked', n, true, now() from generate_series(1, ${count}) n`;

/** Row count and content hash of each mirrored table. Two fingerprints are equal exactly if both sides are. */
export type Fingerprint = Readonly<Record<string, string>>;

type Query = (text: string) => Promise<readonly Record<string, unknown>[]>;

async function fingerprintBy(query: Query): Promise<Fingerprint> {
  const prints: Record<string, string> = {};
  for (const table of MIRRORED) {
    // As text by column name, so that the column order does not matter. Times are numbers, independent of the time
    // zone.
    const [row] = await query(`
      select count(*) || ' rows, ' || coalesce(md5(string_agg(line, e'\\n' order by line collate "C")), 'nothing') as print
      from (
        select (select string_agg(name || '=' || coalesce(value, 'null'), ',' order by name collate "C")
          from jsonb_each_text(to_jsonb(source)) each(name, written),
          lateral (select case when name like '%\\_at' then (extract(epoch from written::timestamptz))::text else written end as value) v
        ) as line from ${table} source
      ) lines
    `);
    prints[table] = String(row?.print);
  }
  return prints;
}

/** @param database the local side */
export function fingerprintHere(database: Database): Promise<Fingerprint> {
  return fingerprintBy((text) =>
    database.read(async (db) => (await sql.raw<Record<string, unknown>>(text).execute(db)).rows),
  );
}

/** Returns the fingerprint of the remote side, bypassing PostgREST. */
export function fingerprintThere(rig: Pick<SupabaseRig, 'query'>): Promise<Fingerprint> {
  return fingerprintBy((text) => rig.query(text));
}
