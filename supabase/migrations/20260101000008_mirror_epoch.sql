-- Fences late requests. A request that timed out may still arrive after later ones, and would replace a newer state by an
-- old one. The writer therefore counts epochs, and each request names its epoch. A request of an earlier epoch is refused.
-- The row is locked during a request, so an epoch ends only after its accepted requests are written.
alter table actp_mirror_owner add column epoch bigint not null default 0;

comment on column actp_mirror_owner.epoch is 'Counted up whenever the writer cannot know what of its requests is still under way: those of earlier ones are refused';

create or replace function actp_refuse_other_writer() returns trigger language plpgsql set search_path = '' as $$
declare
  headers json := nullif(current_setting('request.headers', true), '')::json;
  sender text := headers ->> 'x-agent-spawner-writer';
begin
  if sender is null then
    return null;
  end if;
  perform from public.actp_mirror_owner owner
    where owner.writer::text = sender and owner.epoch::text = headers ->> 'x-agent-spawner-epoch' for share;
  if not found then
    raise exception using errcode = 'PT409', message = 'another agent-spawner writes to this project, or this request comes too late';
  end if;
  return null;
end
$$;

comment on function actp_refuse_other_writer() is 'Refuses what comes from an agent-spawner that is not in actp_mirror_owner, or from an earlier epoch of the one that is';
