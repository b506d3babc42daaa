-- With the version of the price the sums tell what each class of tokens has cost.
select reset_rollups();

alter table usage_rollup
    add column price_version int not null,
    drop constraint usage_rollup_pkey,
    add primary key (tenant_id, hour, subject, model, work, price_version);

comment on column usage_rollup.price_version is 'The version in price that cost_nano was computed with, of model; of adjustments, the one that they were computed with.';

create or replace function roll_up(waits boolean default false, rows_max bigint default 20000) returns bigint language plpgsql as $$
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
    insert into usage_rollup as r (tenant_id, hour, subject, model, work, price_version, entries, estimated, adjustments,
        text_in, audio_in, image_in, cached_text, cached_audio, cached_image, text_out, audio_out, reasoning_out, millis, cost_nano)
    select tenant_id, date_trunc('hour', event_time, 'UTC'), subject, model_resolved, work, price_version, count(*),
           count(*) filter (where kind = 'estimated'), count(*) filter (where kind = 'adjustment'),
           sum(text_in), sum(audio_in), sum(image_in), sum(cached_text), sum(cached_audio), sum(cached_image),
           sum(text_out), sum(audio_out), sum(reasoning_out), sum(millis), sum(cost_nano)
    from billing.usage where seal_no between range.first_seal and range.last_seal
    group by 1, 2, 3, 4, 5, 6
    on conflict (tenant_id, hour, subject, model, work, price_version) do update set
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
