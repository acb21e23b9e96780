import { HEALTH_LOG, MIRRORED_TABLES } from './mirror/tables';

/** So many changes may wait before health checks, which are many and worth least, are left to a comparison. */
const CHECKS_NOTED_UP_TO = 10_000;

/**
 * Bookkeeping of this machine alone, never mirrored: what a later start of ours needs to know of the processes here, and
 * the values of agents' environments. Steps are only appended.
 */
export const LOCAL_STEPS: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: 'local-0001-bookkeeping',
    sql: `
      create table local.meta (key text primary key, value jsonb not null);
      create table local.supervision (agent_id text primary key, state jsonb not null, saved_at timestamptz not null default now());
      create table local.heartbeat (
        agent_id text primary key, incarnation text, announced jsonb, last_task text, updated_at timestamptz not null default now()
      );
      create table local.agent_env (agent_id text primary key, env jsonb not null);
      insert into local.meta (key, value) values ('event_seq', '0');
    `,
  },
  {
    // Pids and start times mean something only until the machine starts anew.
    name: 'local-0002-boot-id',
    sql: `alter table local.supervision add column boot_id text;`,
  },
  {
    // Read from a backup, and not written since: it knows nothing of what became of its processes meanwhile.
    name: 'local-0003-restored',
    sql: `alter table local.supervision add column is_restored boolean not null default false;`,
  },
  {
    name: 'local-0004-token-use',
    sql: `create table local.token_use (agent_id text primary key, use jsonb not null);`,
  },
  {
    // What people are still to be told, and of which incidents they were told.
    name: 'local-0005-notice',
    sql: `
      create table local.notice (
        id text primary key, incident_id text not null, kind text not null, body jsonb not null, told jsonb not null default '[]',
        state text not null default 'waiting', created_at double precision not null, remind_at double precision,
        unique (incident_id, kind)
      );
      create index notice_waiting on local.notice (created_at) where state = 'waiting';
    `,
  },
  {
    // Which rows of the mirrored tables were changed, in order; noted in the transaction of the change itself, whoever
    // makes it. The triggers work only while there is a mirror (`Outbox`).
    name: 'local-0006-outbox',
    sql: outboxStep(),
  },
];

function outboxStep(): string {
  const triggers = MIRRORED_TABLES.flatMap(({ name, key }) =>
    (['insert', 'update', 'delete'] as const).map(
      (change) => `
        create trigger outbox_${change} after ${change} on ${name} referencing ${change === 'delete' ? 'old' : 'new'} table as changed
          for each statement execute function local.note_${name === HEALTH_LOG ? 'check' : key}();
        alter table ${name} disable trigger outbox_${change};
      `,
    ),
  );
  return `
    create table local.outbox (
      position bigint generated always as identity primary key,
      table_name text not null,
      row_key text not null,
      noted_at timestamptz not null default now()
    );
    create table local.mirror_refusal (
      table_name text not null, row_key text not null, error text not null, tries integer not null,
      refused_at timestamptz not null, primary key (table_name, row_key)
    );
    create function local.note_id() returns trigger language plpgsql as $$
    begin
      insert into local.outbox (table_name, row_key) select tg_table_name, id::text from changed;
      return null;
    end
    $$;
    create function local.note_agent_id() returns trigger language plpgsql as $$
    begin
      insert into local.outbox (table_name, row_key) select tg_table_name, agent_id from changed;
      return null;
    end
    $$;
    -- While much waits, checks are not noted: the log is compared with the mirror once the rest is there.
    create function local.note_check() returns trigger language plpgsql as $$
    begin
      if (select max(position) - min(position) from local.outbox) >= ${CHECKS_NOTED_UP_TO} then
        update local.mirror set checks_left_out = checks_left_out + 1;
      else
        insert into local.outbox (table_name, row_key) select tg_table_name, id::text from changed;
      end if;
      return null;
    end
    $$;
    -- At most one row, while there is a mirror.
    create table local.mirror (
      project text primary key,
      needs_comparison boolean not null default true,
      checks_left_out bigint not null default 0,
      checks_compared bigint not null default 0
    );
    ${triggers.join('')}
  `;
}
