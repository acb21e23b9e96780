import { HEALTH_LOG, MIRRORED_TABLES } from '../mirrored-tables';

/**
 * Above this many waiting changes, health checks are not noted. They are many and worth least; a comparison uploads
 * them later.
 */
const CHECKS_NOTED_UP_TO = 10_000;

/**
 * Bookkeeping of this machine, never mirrored: facts that a later start of the supervisor needs about its processes,
 * and the values of agents' environments and health headers. Steps are only appended.
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
    // Pids and start times are valid only until the machine reboots.
    name: 'local-0002-boot-id',
    sql: `alter table local.supervision add column boot_id text;`,
  },
  {
    // Set for a state that was restored from a backup and not written since. It knows nothing of its processes after
    // the backup.
    name: 'local-0003-restored',
    sql: `alter table local.supervision add column is_restored boolean not null default false;`,
  },
  {
    name: 'local-0004-token-use',
    sql: `create table local.token_use (agent_id text primary key, use jsonb not null);`,
  },
  {
    // Notifications that are still to be sent, and incidents that were already notified.
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
    // Changed rows of the mirrored tables, in order. Triggers note them in the transaction of the change itself. The
    // triggers are enabled only while there is a mirror (`Outbox`).
    name: 'local-0006-outbox',
    sql: outboxStep(),
  },
  {
    // Times in a state are on `Clock.now()` of the process that saved it. The offset lets a later process convert them.
    name: 'local-0007-wall-offset',
    sql: `alter table local.supervision add column wall_offset_ms double precision not null default 0;`,
  },
  {
    // Header values are credentials, like values of env. No mirrored table has them, or their names.
    name: 'local-0008-health-headers',
    sql: `create table local.agent_health_headers (agent_id text primary key, headers jsonb not null);`,
  },
  {
    // Run that reported the last task; null: the run of the incarnation did.
    name: 'local-0009-task-run',
    sql: `alter table local.heartbeat add column task_run text;`,
  },
  {
    // Agent cards of external agents. Not mirrored: a row of the registry is uploaded at each change of its status, and
    // a card can be fetched again.
    name: 'local-0010-agent-card',
    sql: `create table local.agent_card (agent_id text primary key, card jsonb not null);`,
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
