create table ledger_seal (
    seal_no    bigint primary key check (seal_no >= 1),
    xid_lo     xid8 not null unique,
    xid_hi     xid8 not null unique,
    row_count  bigint not null check (row_count >= 1),
    cost_nano  numeric not null,
    digest     bytea not null,
    chain      bytea not null,
    sealed_at  timestamptz not null default clock_timestamp(),
    check (xid_lo < xid_hi)
);

comment on table ledger_seal is 'Numbered ranges of the ledger that will never change again. A seal holds the usage entries whose xid lies in [xid_lo, xid_hi); every committed entry gets into exactly one.';
comment on column ledger_seal.seal_no is '1, 2, 3 … without a hole.';
comment on column ledger_seal.digest is 'SHA-256 over the lines (ledger_line) of its entries, by tenant, entry and period.';
comment on column ledger_seal.chain is 'SHA-256 over the chain of the seal before and this digest: who knows the last one knows that nothing before it was changed.';

create trigger ledger_seal_append_only before update or delete on ledger_seal
    for each row execute function refuse_ledger_change();
create trigger ledger_seal_no_truncate before truncate on ledger_seal
    for each statement execute function refuse_ledger_change();

create table consumer_cursor (
    consumer text primary key check (length(consumer) between 1 and 255),
    seal_no  bigint not null default 0,
    moved_at timestamptz not null default clock_timestamp()
);

comment on table consumer_cursor is 'How far each billing job has read: the last seal that it has dealt with.';

-- The same text whatever the settings of the session that computes it.
create function ledger_line(e usage_entry) returns text language sql immutable as $$
    select concat_ws('|', e.tenant_id, e.entry_id, e.period, e.subject, e.session_id, coalesce(e.upstream_session, '-'),
        e.reference, e.work, e.kind, e.node, e.account, e.model_asked, e.model_resolved, coalesce(e.model_reported, '-'),
        e.status, e.text_in, e.audio_in, e.image_in, e.cached_text, e.cached_audio, e.cached_image, e.text_out,
        e.audio_out, e.reasoning_out, e.millis, e.price_version, e.cost_nano,
        (extract(epoch from e.event_time) * 1000000)::bigint,
        coalesce((extract(epoch from e.reserved_at) * 1000000)::bigint, 0), array_to_string(e.charged, ','), e.xid)
$$;

create function seal_of(lo xid8, hi xid8, out row_count bigint, out cost_nano numeric, out digest bytea) language sql stable as $$
    select count(*), coalesce(sum(e.cost_nano), 0),
           sha256(convert_to(coalesce(string_agg(ledger_line(e), E'\n' order by e.tenant_id, e.entry_id, e.period), ''), 'UTF8'))
    from usage_entry as e where e.xid >= lo and e.xid < hi
$$;

comment on function seal_of(xid8, xid8) is 'What a seal over this range has to say.';

-- The watermark is read in a statement before the rows: all transactions below it have ended by then, so that what the next
-- statement does not see will never be there.
create function seal_ledger(rows_max bigint default 50000) returns bigint language plpgsql as $$
declare
    watermark xid8;
    last_one ledger_seal;
    lo xid8;
    cut xid8;
    made record;
begin
    if not pg_try_advisory_xact_lock(hashtext('seal_ledger')) then
        return null;
    end if;
    watermark := pg_snapshot_xmin(pg_current_snapshot());
    select * into last_one from ledger_seal order by seal_no desc limit 1;
    lo := coalesce(last_one.xid_hi, '0'::xid8);
    select e.xid into cut from usage_entry as e
    where e.xid >= lo and e.xid < watermark order by e.xid offset rows_max limit 1;
    if found and cut > lo then
        watermark := cut;
    end if;
    select * into made from seal_of(lo, watermark);
    if made.row_count = 0 then
        return null;
    end if;
    insert into ledger_seal (seal_no, xid_lo, xid_hi, row_count, cost_nano, digest, chain)
    values (coalesce(last_one.seal_no, 0) + 1, lo, watermark, made.row_count, made.cost_nano, made.digest,
            sha256(coalesce(last_one.chain, ''::bytea) || made.digest));
    return coalesce(last_one.seal_no, 0) + 1;
end
$$;

comment on function seal_ledger(bigint) is 'Seals what can no longer change; returns the number of the new seal, or null when there is nothing to seal or another node is at it.';

create function verify_ledger() returns table (problem text) language plpgsql stable as $$
declare
    one ledger_seal;
    found_now record;
    before bytea := ''::bytea;
    expected bigint := 1;
    reached xid8 := '0'::xid8;
begin
    for one in select * from ledger_seal order by seal_no loop
        if one.seal_no <> expected then
            problem := format('seal %s is missing', expected);
            return next;
            expected := one.seal_no;
        end if;
        if one.xid_lo <> reached then
            problem := format('seal %s does not begin where the one before it ends', one.seal_no);
            return next;
        end if;
        select * into found_now from seal_of(one.xid_lo, one.xid_hi);
        if found_now.row_count <> one.row_count then
            problem := format('seal %s has %s entries and was sealed with %s', one.seal_no, found_now.row_count, one.row_count);
            return next;
        elsif found_now.cost_nano <> one.cost_nano then
            problem := format('seal %s sums to %s nano-dollars and was sealed with %s', one.seal_no, found_now.cost_nano, one.cost_nano);
            return next;
        elsif found_now.digest <> one.digest then
            problem := format('the entries of seal %s are not the ones that were sealed', one.seal_no);
            return next;
        end if;
        if one.chain <> sha256(before || one.digest) then
            problem := format('the chain is broken at seal %s', one.seal_no);
            return next;
        end if;
        before := one.chain;
        reached := one.xid_hi;
        expected := expected + 1;
    end loop;
    return query
        select format('budget window %s (%s of tenant %s) says %s and the ledger %s', b.id, b.limit_key, b.tenant_id, said.amount, ledger.amount)
        from budget_balance as b
        cross join lateral (
            select b.spent + coalesce(sum(g.settled), 0) as amount from budget_grant as g
            where g.balance_id = b.id and g.state <> 'closed') as said
        cross join lateral (
            select b.opening + coalesce(sum(case b.unit when 'money' then e.cost_nano
                else e.text_in + e.audio_in + e.image_in + e.text_out + e.audio_out end), 0) as amount
            from usage_entry as e
            where e.tenant_id = b.tenant_id and e.charged @> array[b.id]
              and e.period >= to_char(b.window_start at time zone 'UTC', 'YYYYMM')::int) as ledger
        where b.unit in ('money', 'tokens') and b.opening >= 0 and said.amount <> ledger.amount;
end
$$;

comment on function verify_ledger() is 'Every way in which the ledger does not agree with its seals or its budgets; no row: all is well. One statement, one snapshot.';

create schema billing;

comment on schema billing is 'What billing jobs read: a contract. See src/docs/billing.md.';

create view billing.seal as
    select seal_no, row_count, cost_nano, encode(digest, 'hex') as digest, encode(chain, 'hex') as chain, sealed_at from ledger_seal;

create view billing.usage as
    select s.seal_no, e.tenant_id, e.entry_id, e.period, e.subject, e.session_id, e.upstream_session, e.reference, e.work,
           e.kind, e.node, e.account, e.model_asked, e.model_resolved, e.model_reported, e.status, e.text_in, e.audio_in,
           e.image_in, e.cached_text, e.cached_audio, e.cached_image, e.text_out, e.audio_out, e.reasoning_out, e.millis,
           e.price_version, e.cost_nano, e.event_time, e.reserved_at, e.recorded_at
    from ledger_seal as s
    join usage_entry as e on e.xid >= s.xid_lo and e.xid < s.xid_hi;

comment on view billing.usage is 'The sealed usage entries. Read them by seal_no: a seal that is there never changes.';

create function billing.next(of_consumer text) returns table (seal_no bigint, row_count bigint, cost_nano numeric)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    reached bigint;
begin
    insert into public.consumer_cursor (consumer) values (of_consumer) on conflict do nothing;
    select c.seal_no into reached from public.consumer_cursor as c where c.consumer = of_consumer;
    if reached > coalesce((select max(s.seal_no) from public.ledger_seal as s), 0) then
        raise exception 'consumer "%" has dealt with seal %, which is not there: has the database lost seals?', of_consumer, reached
            using errcode = 'data_corrupted';
    end if;
    return query select s.seal_no, s.row_count, s.cost_nano from public.ledger_seal as s where s.seal_no = reached + 1;
end
$$;

comment on function billing.next(text) is 'The seal that a consumer has to deal with next; no row when there is none yet. The first call makes the consumer.';

create function billing.commit(of_consumer text, done bigint) returns void
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if not exists (select from public.ledger_seal as s where s.seal_no = done) then
        raise exception 'there is no seal %', done using errcode = 'invalid_parameter_value';
    end if;
    update public.consumer_cursor set seal_no = done, moved_at = clock_timestamp()
    where consumer = of_consumer and seal_no = done - 1;
    if not found then
        raise exception 'consumer "%" is not at seal %: another run of it has been faster, or a seal was skipped', of_consumer, done - 1
            using errcode = 'serialization_failure';
    end if;
end
$$;

comment on function billing.commit(text, bigint) is 'The consumer has dealt with this seal. Call it in the transaction that holds what was made of it.';

-- Roles belong to the whole server: another database of it may have made this one already.
do $$
begin
    if not exists (select from pg_roles where rolname = 'parley_billing') then
        create role parley_billing nologin;
    end if;
exception
    when insufficient_privilege then
        raise notice 'the role parley_billing was not made: this user may not create roles';
    when duplicate_object or unique_violation then
        null;
end
$$;

revoke all on schema billing from public;
revoke all on function billing.next(text), billing.commit(text, bigint) from public;

do $$
begin
    if exists (select from pg_roles where rolname = 'parley_billing') then
        grant usage on schema billing to parley_billing;
        grant select on billing.usage, billing.seal to parley_billing;
        grant execute on function billing.next(text), billing.commit(text, bigint) to parley_billing;
    end if;
end
$$;
