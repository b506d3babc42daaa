create table usage_entry (
    tenant_id        text not null,
    entry_id         uuid not null,
    period           int not null,
    subject          text not null,
    session_id       text not null,
    upstream_session text,
    reference        text not null,
    work             text not null check (work in ('response', 'transcription')),
    kind             text not null check (kind in ('usage', 'estimated', 'adjustment')),
    node             text not null,
    account          text not null,
    model_asked      text not null,
    model_resolved   text not null,
    model_reported   text,
    status           text not null,
    text_in          bigint not null,
    audio_in         bigint not null,
    image_in         bigint not null,
    cached_text      bigint not null,
    cached_audio     bigint not null,
    cached_image     bigint not null,
    text_out         bigint not null,
    audio_out        bigint not null,
    reasoning_out    bigint not null,
    millis           bigint not null,
    price_version    int not null,
    cost_nano        bigint not null check (kind = 'adjustment' or cost_nano >= 0),
    event_time       timestamptz not null,
    xid              xid8 not null default pg_current_xact_id(),
    recorded_at      timestamptz not null default clock_timestamp(),
    primary key (tenant_id, entry_id, period)
) partition by list (period);

create index usage_entry_xid on usage_entry (xid);
create index usage_entry_spending on usage_entry (tenant_id, event_time) include (cost_nano);

comment on table usage_entry is 'The ledger: one row for what one response or one transcription used and cost. Rows are never changed; a correction is a new row of kind adjustment.';
comment on column usage_entry.entry_id is 'Derived from the upstream session and the response, so that a retry writes the same row.';
comment on column usage_entry.period is 'The month (UTC, such as 202611) in which the money was reserved; also the partition. A response that ends after midnight belongs to the month in which it began.';
comment on column usage_entry.subject is 'The end user inside the tenant: the token''s sub.';
comment on column usage_entry.session_id is 'The broker''s own id of the session.';
comment on column usage_entry.upstream_session is 'The provider''s sess_ id, if it gave one.';
comment on column usage_entry.reference is 'The provider''s resp_ id; for a transcription the item_ id, a slash, and the index of the content.';
comment on column usage_entry.kind is 'usage: as reported by the provider; estimated: the provider did not report, computed from what is known; adjustment: corrects another row.';
comment on column usage_entry.account is 'The upstream account that did the work.';
comment on column usage_entry.model_asked is 'What the client asked for.';
comment on column usage_entry.model_resolved is 'What it is priced as.';
comment on column usage_entry.model_reported is 'What the provider said it was.';
comment on column usage_entry.status is 'The response''s status on the wire, or lost.';
comment on column usage_entry.cached_text is 'Part of text_in, not on top; likewise cached_audio and cached_image.';
comment on column usage_entry.reasoning_out is 'Part of text_out, not on top.';
comment on column usage_entry.millis is 'Milliseconds of audio for models billed by time, else 0.';
comment on column usage_entry.price_version is 'The version in price that cost_nano was computed with, of model_resolved.';
comment on column usage_entry.cost_nano is 'Nano-dollars (10^-9 USD).';
comment on column usage_entry.event_time is 'When the usage became known, by the node''s clock.';
comment on column usage_entry.xid is 'The transaction that wrote the row: the only safe order for incremental readers.';

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only: % on % refused', lower(tg_op), tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger usage_entry_append_only before update or delete on usage_entry
    for each row execute function refuse_ledger_change();
create trigger usage_entry_no_truncate before truncate on usage_entry
    for each statement execute function refuse_ledger_change();

-- Attached, not "create ... partition of": that would lock the whole ledger against its writers.
create function make_usage_partition(wanted int) returns void language plpgsql as $$
declare
    partition_name text := 'usage_entry_' || wanted;
begin
    if wanted < 200001 or wanted > 999912 or wanted % 100 not between 1 and 12 then
        raise exception 'period % is not a month such as 202611', wanted using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('make_usage_partition'));
    if to_regclass(partition_name) is not null then
        return;
    end if;
    execute format('create table %I (like usage_entry including defaults including constraints including comments)', partition_name);
    execute format('alter table usage_entry attach partition %I for values in (%s)', partition_name, wanted);
    execute format('create trigger usage_entry_no_truncate before truncate on %I for each statement execute function refuse_ledger_change()', partition_name);
end
$$;

comment on function make_usage_partition(int) is 'Makes the partition of one month, such as 202611; does nothing if it is there.';

create function make_usage_partitions() returns void language sql as $$
    select make_usage_partition(to_char((now() at time zone 'UTC') + make_interval(months => ahead), 'YYYYMM')::int)
    from generate_series(0, 2) as ahead
$$;

comment on function make_usage_partitions() is 'Makes the partitions of this month and of the two after it; called at every start and once a day.';

select make_usage_partitions();
