-- Sampled results of health checks: each change of verdict, and otherwise one per minute and agent.
create table actp_agent_health_log (
  id uuid primary key,
  instance text not null,
  agent_id text not null,
  health_score integer check (health_score between 0 and 100),
  response_ms double precision,
  error text,
  checked_at timestamptz not null
);

create index actp_agent_health_log_by_agent on actp_agent_health_log (agent_id, checked_at desc);
create index actp_agent_health_log_by_time on actp_agent_health_log (checked_at);

comment on table actp_agent_health_log is 'Health checks, sampled; pruned after HEALTH_LOG_RETENTION_DAYS';
comment on column actp_agent_health_log.health_score is '0 to 100; null: not scored';
comment on column actp_agent_health_log.response_ms is 'How long the answer took, milliseconds';
comment on column actp_agent_health_log.error is 'What was wrong with the answer; null: nothing';

alter table actp_agent_health_log enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_agent_health_log from %I', browser_role);
    end if;
  end loop;
end
$$;
