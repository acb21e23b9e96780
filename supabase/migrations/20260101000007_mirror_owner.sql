-- Names the one agent-spawner that may write to this project. A second one reads this row, and writes nothing.
create table actp_mirror_owner (
  sole boolean primary key default true check (sole),
  instance text not null,
  writer uuid not null,
  claimed_at timestamptz not null
);

comment on table actp_mirror_owner is 'The one agent-spawner that writes here; delete the row to let another one take its place';
comment on column actp_mirror_owner.sole is 'Always true: there is one row at most';
comment on column actp_mirror_owner.instance is 'Its name (INSTANCE_ID)';
comment on column actp_mirror_owner.writer is 'Made once for each DATA_DIR, so that two with one name are told apart';
comment on column actp_mirror_owner.claimed_at is 'When it began to write here';

alter table actp_mirror_owner enable row level security;

-- Revokes every privilege of the browser roles. The embedded database does not have these roles.
do $$
declare
  browser_role text;
begin
  foreach browser_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = browser_role) then
      execute format('revoke all on table actp_mirror_owner from %I', browser_role);
    end if;
  end loop;
end
$$;

-- Refuses requests of a superseded writer, which may not know yet that it lost ownership. A writer names itself in a header
-- of its request. Statements without that header (the embedded database, operators who use SQL) are not refused.
create function actp_refuse_other_writer() returns trigger language plpgsql set search_path = '' as $$
declare
  sender text := nullif(current_setting('request.headers', true), '')::json ->> 'x-agent-spawner-writer';
begin
  if sender is not null and exists (select from public.actp_mirror_owner owner where owner.writer::text <> sender) then
    raise exception using errcode = 'PT409', message = 'another agent-spawner writes to this project';
  end if;
  return null;
end
$$;

comment on function actp_refuse_other_writer() is 'Refuses what comes from an agent-spawner that is not in actp_mirror_owner';

do $$
declare
  mirrored text;
begin
  foreach mirrored in array array['actp_agent_registry', 'actp_agent_health_log', 'actp_agent_restarts', 'actp_circuit_breakers', 'actp_agent_events'] loop
    execute format(
      'create trigger refuse_other_writer before insert or update or delete on %I for each statement execute function actp_refuse_other_writer()',
      mirrored
    );
  end loop;
end
$$;
