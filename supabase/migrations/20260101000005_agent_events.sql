-- The history: every lifecycle event, in the order in which it was recorded.
create table actp_agent_events (
  id uuid primary key,
  instance text not null,
  seq bigint not null,
  agent_id text,
  type text not null,
  data jsonb not null default '{}',
  occurred_at timestamptz not null,
  unique (instance, seq)
);

create index actp_agent_events_by_agent on actp_agent_events (agent_id, seq);
create index actp_agent_events_by_type on actp_agent_events (type, seq);
create index actp_agent_events_by_seq on actp_agent_events (seq);
create index actp_agent_events_by_time on actp_agent_events (occurred_at);

comment on table actp_agent_events is 'Lifecycle events; pruned after EVENT_RETENTION_DAYS';
comment on column actp_agent_events.seq is '1, 2, 3 ... of this instance, without a gap or a double';
comment on column actp_agent_events.agent_id is 'null: about the supervisor or the fleet';
comment on column actp_agent_events.data is 'Chosen fields; those of one incident share data.incidentId';

alter table actp_agent_events enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_agent_events from %I', browser_role);
    end if;
  end loop;
end
$$;
