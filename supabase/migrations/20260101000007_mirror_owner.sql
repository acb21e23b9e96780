-- Who may write to this project: one agent-spawner at a time. A second one finds this row, and writes nothing.
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

-- Nothing for the roles of a browser. The embedded database has no such roles, so each is looked for first.
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
