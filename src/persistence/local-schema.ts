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
];
