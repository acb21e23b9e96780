-- Registered agents. Only the names of `env` are stored here: its values never leave the machine.
create table actp_agent_registry (
  id uuid primary key,
  instance text not null,
  agent_id text not null,
  name text not null,
  entry_point text,
  args jsonb not null default '[]',
  interpreter text,
  cwd text,
  env_names jsonb not null default '[]',
  env_from jsonb not null default '[]',
  tags jsonb not null default '[]',
  capabilities jsonb not null default '[]',
  health_url text,
  endpoint text,
  api_role text check (api_role in ('viewer', 'operator')),
  max_memory_mb double precision,
  autostart boolean not null default false,
  policy jsonb not null default '{}',
  desired_state text not null default 'stopped' check (desired_state in ('running', 'stopped')),
  status text not null default 'stopped',
  registered_at timestamptz not null,
  updated_at timestamptz not null,
  unique (instance, agent_id)
);

comment on table actp_agent_registry is 'Agents known to agent-spawner: their definitions and whether they should run';
comment on column actp_agent_registry.instance is 'The agent-spawner that writes this row (INSTANCE_ID)';
comment on column actp_agent_registry.agent_id is 'Name of the agent, of its PM2 process and of its logs';
comment on column actp_agent_registry.entry_point is 'Program inside AGENTS_DIR; null: external, watched but never launched';
comment on column actp_agent_registry.env_names is 'Names of its environment variables; the values stay on the machine';
comment on column actp_agent_registry.env_from is 'Names passed on from the environment of agent-spawner';
comment on column actp_agent_registry.capabilities is 'Task types that it can do';
comment on column actp_agent_registry.desired_state is 'What a person wants: running or stopped';
comment on column actp_agent_registry.status is 'Last saved status, for looking at it here; the truth is in agent-spawner';

alter table actp_agent_registry enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_agent_registry from %I', browser_role);
    end if;
  end loop;
end
$$;
