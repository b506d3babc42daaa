-- Transaction numbers begin anew in another cluster: after a logical restore, new entries would get numbers that sealed ones
-- have. So each epoch shifts them by what the ledger had used up when the epoch began, and they go on growing.
create table ledger_epoch (
    epoch      int primary key check (epoch >= 1),
    xid_offset bigint not null check (xid_offset >= 0),
    began_at   timestamptz not null default clock_timestamp()
);
insert into ledger_epoch (epoch, xid_offset) values (1, 0);

comment on table ledger_epoch is 'A new one begins when the database finds itself in a cluster whose transaction numbers are behind those of the ledger: after a logical restore.';
comment on column ledger_epoch.xid_offset is 'Added to the numbers of this cluster''s transactions: usage_entry.xid, ledger_seal.xid_lo and xid_hi.';

create trigger ledger_epoch_append_only before update or delete on ledger_epoch
    for each row execute function refuse_ledger_change();
create trigger ledger_epoch_no_truncate before truncate on ledger_epoch
    for each statement execute function refuse_ledger_change();

create function shifted(number xid8, distance bigint) returns xid8 language sql immutable as $$
    select (number::text::bigint + distance)::text::xid8
$$;

create function ledger_xid(number xid8) returns xid8 language sql stable as $$
    select shifted(number, (select xid_offset from ledger_epoch order by epoch desc limit 1))
$$;

comment on function ledger_xid(xid8) is 'A transaction of this cluster as the ledger of this epoch counts it.';

-- Once for a statement. In a cluster that has not changed, no running transaction is older than the last seal.
create function refuse_sealed_numbers() returns trigger language plpgsql as $$
begin
    if ledger_xid(pg_current_xact_id()) < (select xid_hi from ledger_seal order by seal_no desc limit 1) then
        raise exception 'the ledger was restored into another cluster, and its new epoch has not begun yet'
            using errcode = 'object_not_in_prerequisite_state', hint = 'A running broker begins it within a second; or: select seal_ledger()';
    end if;
    return null;
end
$$;

create trigger usage_entry_epoch before insert on usage_entry
    for each statement execute function refuse_sealed_numbers();

create function begin_ledger_epoch() returns void language plpgsql set lock_timeout = '3s' as $$
declare
    used_up xid8;
    distance bigint;
begin
    lock table usage_entry in access exclusive mode;
    select greatest((select xid_hi from ledger_seal order by seal_no desc limit 1),
                    (select shifted(xid, 1) from usage_entry order by xid desc limit 1)) into used_up;
    distance := used_up::text::bigint - pg_current_xact_id()::text::bigint;
    insert into ledger_epoch (epoch, xid_offset) select max(epoch) + 1, distance from ledger_epoch;
    execute format('alter table usage_entry alter column xid set default shifted(pg_current_xact_id(), %s)', distance);
    raise warning 'a new epoch of the ledger begins: it was restored into another cluster';
end
$$;

create or replace function seal_ledger(rows_max bigint default 50000) returns bigint language plpgsql as $$
declare
    watermark xid8;
    last_one ledger_seal;
    newest xid8;
    lo xid8;
    cut xid8;
    made record;
begin
    if not pg_try_advisory_xact_lock(hashtext('seal_ledger')) then
        return null;
    end if;
    select xid into newest from usage_entry order by xid desc limit 1;
    select * into last_one from ledger_seal order by seal_no desc limit 1;
    if greatest(newest, last_one.xid_hi) > ledger_xid(pg_snapshot_xmax(pg_current_snapshot())) then
        perform begin_ledger_epoch();
        return null;
    end if;
    watermark := ledger_xid(pg_snapshot_xmin(pg_current_snapshot()));
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
