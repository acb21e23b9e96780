-- A request that was given up may still arrive, after others that were sent since: an old state would replace a newer one.
-- So whoever writes here counts its terms, each request says of which it is, and one of an earlier term is refused. The row
-- is locked meanwhile: a term ends only when what was let in is written.
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
