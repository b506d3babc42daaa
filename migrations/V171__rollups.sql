create function billing.next(of_consumer text, rows_max bigint, out first_seal bigint, out last_seal bigint, out row_count bigint, out cost_nano numeric)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    select n.seal_no into first_seal from billing.next(of_consumer) as n;
    if first_seal is null then
        return;
    end if;
    select max(s.seal_no), sum(s.row_count), sum(s.cost_nano) into last_seal, row_count, cost_nano
    from (select one.seal_no, one.row_count, one.cost_nano, sum(one.row_count) over (order by one.seal_no) as so_far
          from (select * from public.ledger_seal as l where l.seal_no >= first_seal order by l.seal_no limit 10000) as one) as s
    where s.seal_no = first_seal or s.so_far <= rows_max;
end
$$;

comment on function billing.next(text, bigint) is 'The seals that a consumer has to deal with next, as many as have no more rows than that together, and at least one; nulls when there is none yet.';

create function billing.commit(of_consumer text, first_done bigint, last_done bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if last_done < first_done or not exists (select from public.ledger_seal as s where s.seal_no = last_done) then
        raise exception 'there are no seals % to %', first_done, last_done using errcode = 'invalid_parameter_value';
    end if;
    update public.consumer_cursor set seal_no = last_done, moved_at = clock_timestamp()
    where consumer = of_consumer and seal_no = first_done - 1;
    if not found then
        raise exception 'consumer "%" is not at seal %: another run of it has been faster, or a seal was skipped', of_consumer, first_done - 1
            using errcode = 'serialization_failure';
    end if;
end
$$;

comment on function billing.commit(text, bigint, bigint) is 'The consumer has dealt with these seals, the last one included. Call it in the transaction that holds what was made of them.';

revoke all on function billing.next(text, bigint), billing.commit(text, bigint, bigint) from public;

create table usage_rollup (
    tenant_id     text not null,
    hour          timestamptz not null,
    subject       text not null,
    model         text not null,
    work          text not null,
    entries       bigint not null,
    estimated     bigint not null,
    adjustments   bigint not null,
    text_in       bigint not null,
    audio_in      bigint not null,
    image_in      bigint not null,
    cached_text   bigint not null,
    cached_audio  bigint not null,
    cached_image  bigint not null,
    text_out      bigint not null,
    audio_out     bigint not null,
    reasoning_out bigint not null,
    millis        bigint not null,
    cost_nano     bigint not null,
    primary key (tenant_id, hour, subject, model, work)
);
create index usage_rollup_hour on usage_rollup (hour);

comment on table usage_rollup is 'The sealed ledger by hour (of event_time, UTC), made by the billing consumer "parley-rollup" and by nothing else.';
comment on column usage_rollup.model is 'model_resolved of the ledger: what it is priced as.';
comment on column usage_rollup.entries is 'All entries; how many of them are estimated, and how many are adjustments, stands beside it.';
comment on column usage_rollup.cached_text is 'Part of text_in, not on top, as in the ledger.';

-- One at a time: who does not get the lock leaves it to the one who has it.
create function roll_up(waits boolean default false, rows_max bigint default 20000) returns bigint language plpgsql as $$
declare
    range record;
begin
    if waits then
        perform pg_advisory_xact_lock(hashtext('roll_up'));
    elsif not pg_try_advisory_xact_lock(hashtext('roll_up')) then
        return null;
    end if;
    select * into range from billing.next('parley-rollup', rows_max);
    if range.first_seal is null then
        return null;
    end if;
    insert into usage_rollup as r
    select tenant_id, date_trunc('hour', event_time, 'UTC'), subject, model_resolved, work, count(*),
           count(*) filter (where kind = 'estimated'), count(*) filter (where kind = 'adjustment'),
           sum(text_in), sum(audio_in), sum(image_in), sum(cached_text), sum(cached_audio), sum(cached_image),
           sum(text_out), sum(audio_out), sum(reasoning_out), sum(millis), sum(cost_nano)
    from billing.usage where seal_no between range.first_seal and range.last_seal
    group by 1, 2, 3, 4, 5
    on conflict (tenant_id, hour, subject, model, work) do update set
        entries = r.entries + excluded.entries, estimated = r.estimated + excluded.estimated,
        adjustments = r.adjustments + excluded.adjustments, text_in = r.text_in + excluded.text_in,
        audio_in = r.audio_in + excluded.audio_in, image_in = r.image_in + excluded.image_in,
        cached_text = r.cached_text + excluded.cached_text, cached_audio = r.cached_audio + excluded.cached_audio,
        cached_image = r.cached_image + excluded.cached_image, text_out = r.text_out + excluded.text_out,
        audio_out = r.audio_out + excluded.audio_out, reasoning_out = r.reasoning_out + excluded.reasoning_out,
        millis = r.millis + excluded.millis, cost_nano = r.cost_nano + excluded.cost_nano;
    perform billing.commit('parley-rollup', range.first_seal, range.last_seal);
    return range.last_seal;
end
$$;

comment on function roll_up(boolean, bigint) is 'Adds the next seals to usage_rollup; returns the last of them, or null when there is none or, unless it waits, another node is at it.';

create function reset_rollups() returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('roll_up'));
    delete from usage_rollup;
    update consumer_cursor set seal_no = 0, moved_at = clock_timestamp() where consumer = 'parley-rollup';
end
$$;

comment on function reset_rollups() is 'Empties usage_rollup; the next calls of roll_up() make it anew from the first seal on.';

create function verify_rollups() returns table (problem text) language sql stable as $$
    select format('the rollups up to seal %s have %s entries of %s nano-dollars, the seals %s of %s: run "parley billing rebuild"',
                  c.seal_no, r.entries, r.cost_nano, s.entries, s.cost_nano)
    from consumer_cursor as c
    cross join (select coalesce(sum(entries), 0) as entries, coalesce(sum(cost_nano), 0) as cost_nano from usage_rollup) as r
    cross join lateral (
        select coalesce(sum(row_count), 0) as entries, coalesce(sum(cost_nano), 0) as cost_nano
        from ledger_seal where seal_no <= c.seal_no) as s
    where c.consumer = 'parley-rollup' and (r.entries <> s.entries or r.cost_nano <> s.cost_nano)
$$;

comment on function verify_rollups() is 'Says so when the rollups do not sum to the seals that they were made of.';

do $$
begin
    if exists (select from pg_roles where rolname = 'parley_billing') then
        grant execute on function billing.next(text, bigint), billing.commit(text, bigint, bigint) to parley_billing;
    end if;
end
$$;
