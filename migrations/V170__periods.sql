alter table node add column writes_from int;

comment on column node.writes_from is 'The earliest period of the ledger in which it may still write usage entries; null until it has said so. It never goes down within an epoch.';

alter table usage_entry add column late_for int;

comment on column usage_entry.late_for is 'The closed period in which the money was reserved, when the entry came after its close; else null.';

create table ledger_period (
    period    int primary key,
    row_count bigint not null,
    cost_nano numeric not null,
    last_seal bigint not null,
    closed_at timestamptz not null default clock_timestamp()
);

comment on table ledger_period is 'The periods that are closed: they never get another row.';
comment on column ledger_period.row_count is 'How many entries the period has, and what they sum to.';
comment on column ledger_period.last_seal is 'Who has read the seals up to this one has read the whole period; 0 if it has no entries.';

create trigger ledger_period_append_only before update or delete on ledger_period
    for each row execute function refuse_ledger_change();
create trigger ledger_period_no_truncate before truncate on ledger_period
    for each statement execute function refuse_ledger_change();

create table late_entry (
    tenant_id text not null,
    entry_id  uuid not null,
    period    int not null,
    xid       xid8 not null default pg_current_xact_id(),
    primary key (tenant_id, entry_id, period)
);
create index late_entry_xid on late_entry (xid);

comment on table late_entry is 'Entries that came after the close of their period, so that a retry finds out that they were booked, into whatever period.';

create trigger late_entry_append_only before update or delete on late_entry
    for each row execute function refuse_ledger_change();
create trigger late_entry_no_truncate before truncate on late_entry
    for each statement execute function refuse_ledger_change();

create function usage_periods() returns setof int language sql stable as $$
    select substring(c.relname from '[0-9]+$')::int
    from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'usage_entry'::regclass
$$;

comment on function usage_periods() is 'The periods that have a partition.';

-- On the partitions of closed periods only: the others cost nothing.
create function book_late_entry() returns trigger language plpgsql as $$
begin
    perform from usage_entry where tenant_id = new.tenant_id and entry_id = new.entry_id and period = new.period;
    if found then
        return null; -- a retry of what was written in time
    end if;
    if new.late_for is null then
        insert into late_entry (tenant_id, entry_id, period) values (new.tenant_id, new.entry_id, new.period)
        on conflict do nothing;
        if not found then
            return null; -- a retry of what was booked late
        end if;
        new.late_for := new.period;
    end if;
    select min(one) into strict new.period from usage_periods() as one
    where one > new.period and not exists (select from ledger_period as closed where closed.period = one);
    insert into usage_entry values (new.*);
    return null;
end
$$;

comment on function book_late_entry() is 'Books an entry for a closed period into the next open one, once.';

create function period_obstacles(wanted int) returns table (obstacle text) language plpgsql stable as $$
declare
    ends_at timestamptz;
begin
    if wanted not in (select usage_periods()) then
        return query select format('the ledger has no period %s', wanted);
        return;
    end if;
    ends_at := (to_date(wanted::text, 'YYYYMM') + interval '1 month') at time zone 'UTC';
    if clock_timestamp() < ends_at then
        return query select format('period %s lasts until %s UTC', wanted, to_char(ends_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'));
    end if;
    return query
        select format('node "%s" (epoch %s, last heard of %s s ago) may still write into period %s', name, epoch,
                      floor(extract(epoch from clock_timestamp() - heartbeat_at)), wanted)
        from node where ended_at is null and coalesce(writes_from, 0) <= wanted order by epoch;
end
$$;

comment on function period_obstacles(int) is 'Why a period cannot be closed now; no row: it can.';

create function close_period(wanted int) returns ledger_period language plpgsql as $$
declare
    result ledger_period;
    obstacles text;
    newest xid8;
begin
    perform pg_advisory_xact_lock(hashtext('close_period'));
    select * into result from ledger_period where period = wanted;
    if found then
        return result;
    end if;
    select string_agg(obstacle, E'\n') into obstacles from period_obstacles(wanted);
    if obstacles is not null then
        raise exception '%', obstacles using errcode = 'object_not_in_prerequisite_state';
    end if;
    perform make_usage_partitions(); -- late entries need an open period
    -- Waits for the transactions that write into the partition; whoever comes after it meets the trigger.
    execute format('create trigger usage_entry_closed before insert on %I for each row execute function book_late_entry()',
                   'usage_entry_' || wanted);
    select wanted, count(*), coalesce(sum(cost_nano), 0), 0 into result from usage_entry where period = wanted;
    select xid into newest from usage_entry where period = wanted order by xid desc limit 1;
    if found then
        -- Here and not before: who writes on and on would always be ahead.
        for attempt in 1 .. 10 loop
            perform seal_ledger();
            select seal_no into result.last_seal from ledger_seal where xid_lo <= newest and newest < xid_hi;
            exit when found;
            perform pg_sleep(0.05); -- another node is sealing, or an older transaction still writes
        end loop;
        if result.last_seal is null then
            raise exception 'period % has entries that cannot be sealed yet', wanted using errcode = 'lock_not_available';
        end if;
    end if;
    insert into ledger_period (period, row_count, cost_nano, last_seal)
    values (wanted, result.row_count, result.cost_nano, result.last_seal) returning * into result;
    return result;
end
$$;

comment on function close_period(int) is 'Closes a period for ever, when nothing can come into it in time any more; what comes all the same is booked late. Does nothing when it is closed already.';

create function verify_periods() returns table (problem text) language sql stable as $$
    select format('period %s was closed with %s entries of %s nano-dollars and has %s of %s',
                  closed.period, closed.row_count, closed.cost_nano, found_now.row_count, found_now.cost_nano)
    from ledger_period as closed
    cross join lateral (
        select count(*) as row_count, coalesce(sum(e.cost_nano), 0) as cost_nano
        from usage_entry as e where e.period = closed.period) as found_now
    where found_now.row_count <> closed.row_count or found_now.cost_nano <> closed.cost_nano
    union all
    select format('entry %s of tenant %s came late for period %s and is there %s times', l.entry_id, l.tenant_id, l.period, count(e))
    from late_entry as l
    left join usage_entry as e on e.tenant_id = l.tenant_id and e.entry_id = l.entry_id and e.late_for = l.period
    group by l.tenant_id, l.entry_id, l.period having count(e) <> 1
$$;

comment on function verify_periods() is 'Closed periods that are not what they were closed as, and late entries that are not there once.';

-- concat_ws leaves nulls out: the lines of the entries that were sealed before stay what they were.
create or replace function ledger_line(e usage_entry) returns text language sql immutable as $$
    select concat_ws('|', e.tenant_id, e.entry_id, e.period, e.subject, e.session_id, coalesce(e.upstream_session, '-'),
        e.reference, e.work, e.kind, e.node, e.account, e.model_asked, e.model_resolved, coalesce(e.model_reported, '-'),
        e.status, e.text_in, e.audio_in, e.image_in, e.cached_text, e.cached_audio, e.cached_image, e.text_out,
        e.audio_out, e.reasoning_out, e.millis, e.price_version, e.cost_nano,
        (extract(epoch from e.event_time) * 1000000)::bigint,
        coalesce((extract(epoch from e.reserved_at) * 1000000)::bigint, 0), array_to_string(e.charged, ','), e.xid, e.late_for)
$$;

create or replace view billing.usage as
    select s.seal_no, e.tenant_id, e.entry_id, e.period, e.subject, e.session_id, e.upstream_session, e.reference, e.work,
           e.kind, e.node, e.account, e.model_asked, e.model_resolved, e.model_reported, e.status, e.text_in, e.audio_in,
           e.image_in, e.cached_text, e.cached_audio, e.cached_image, e.text_out, e.audio_out, e.reasoning_out, e.millis,
           e.price_version, e.cost_nano, e.event_time, e.reserved_at, e.recorded_at, e.late_for
    from ledger_seal as s
    join usage_entry as e on e.xid >= s.xid_lo and e.xid < s.xid_hi;

create view billing.period as
    select months.period, case when closed.period is null then 'open' else 'closed' end as state,
           closed.row_count, closed.cost_nano, closed.last_seal, closed.closed_at
    from (select substring(c.relname from '[0-9]+$')::int as period
          from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
          where i.inhparent = 'usage_entry'::regclass) as months
    left join ledger_period as closed on closed.period = months.period;

comment on view billing.period is 'The periods of the ledger. A closed one never gets another entry: it is what the seals up to last_seal hold of it.';

do $$
begin
    if exists (select from pg_roles where rolname = 'parley_billing') then
        grant select on billing.period to parley_billing;
    end if;
end
$$;
