-- One circuit breaker per agent. OPEN: no restart is attempted.
create table actp_circuit_breakers (
  agent_id text primary key,
  instance text not null,
  state text not null check (state in ('CLOSED', 'OPEN', 'HALF_OPEN')),
  failure_count integer not null default 0,
  recent_failures jsonb not null default '[]',
  last_failure_at timestamptz,
  tripped_at timestamptz,
  due_at timestamptz,
  cooldown_ms double precision not null default 0,
  trial_by text check (trial_by in ('healing', 'operator')),
  updated_at timestamptz not null
);

comment on table actp_circuit_breakers is 'State, count and due time of the circuit breaker of each agent';
comment on column actp_circuit_breakers.failure_count is 'Failures in a row, without a stable run between them';
comment on column actp_circuit_breakers.recent_failures is 'Times of the failures of the last hour, epoch milliseconds';
comment on column actp_circuit_breakers.due_at is 'OPEN: when the one trial may begin; null: only a person resets it';
comment on column actp_circuit_breakers.cooldown_ms is 'Length of the last cool-down, doubled by a failed trial';

alter table actp_circuit_breakers enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_circuit_breakers from %I', browser_role);
    end if;
  end loop;
end
$$;
