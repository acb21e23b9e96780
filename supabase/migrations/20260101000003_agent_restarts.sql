-- Launches that replaced an earlier process, and those that failed to.
create table actp_agent_restarts (
  id uuid primary key,
  instance text not null,
  agent_id text not null,
  reason text not null,
  pid_before integer,
  pid_after integer,
  success boolean not null,
  incident_id uuid,
  restarted_at timestamptz not null
);

create index actp_agent_restarts_by_agent on actp_agent_restarts (agent_id, restarted_at desc);
create index actp_agent_restarts_by_time on actp_agent_restarts (restarted_at);

comment on table actp_agent_restarts is 'Restarts of agents, by healing or asked for';
comment on column actp_agent_restarts.reason is 'Why, in one line';
comment on column actp_agent_restarts.success is 'True when there was a new process';
comment on column actp_agent_restarts.incident_id is 'The incident that it belongs to; null: asked for';

alter table actp_agent_restarts enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_agent_restarts from %I', browser_role);
    end if;
  end loop;
end
$$;
