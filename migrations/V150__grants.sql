create table budget_balance (
    id           bigint generated always as identity primary key,
    tenant_id    text not null,
    limit_key    text not null,
    subject      text not null default '',
    unit         text not null check (unit in ('money', 'tokens', 'responses', 'session_starts', 'audio_millis')),
    hard         boolean not null,
    window_start timestamptz not null,
    window_end   timestamptz,
    opening      bigint not null,
    spent        bigint not null,
    granted      bigint not null default 0 check (granted >= 0),
    limit_amount bigint not null,
    wanted_until timestamptz,
    wanted_by    bigint,
    unique (tenant_id, limit_key, subject, window_start)
) with (fillfactor = 50);
create index budget_balance_end on budget_balance (window_end);

comment on table budget_balance is 'One window of one limit: spent + granted <= limit_amount holds in this row, whoever changes it, unless the limit was lowered or something cost more than was reserved for it.';
comment on column budget_balance.subject is 'Whose use is counted; empty: the whole tenant''s.';
comment on column budget_balance.window_end is 'When the limit renews; null: never.';
comment on column budget_balance.opening is 'What the ledger held of the window when the row was made; part of spent.';
comment on column budget_balance.spent is 'What was spent of closed grants, and the opening. What is spent of the others stands in budget_grant.settled.';
comment on column budget_balance.granted is 'The sum of budget_grant.granted of grants that are not closed.';
comment on column budget_balance.limit_amount is 'The limit as a node last told it.';
comment on column budget_balance.wanted_until is 'Until then nodes give back what they do not use, because wanted_by lacks it.';

create table budget_grant (
    id         bigint generated always as identity primary key,
    balance_id bigint not null references budget_balance (id) on delete cascade,
    epoch      bigint not null,
    granted    bigint not null default 0 check (granted >= 0),
    settled    bigint not null default 0,
    reserved   bigint not null default 0,
    idle       bigint not null default 0,
    state      text not null default 'open' check (state in ('open', 'orphan', 'closed')),
    seq        bigint not null default 1,
    unique (balance_id, epoch)
) with (fillfactor = 50);
create index budget_grant_epoch on budget_grant (epoch) where state = 'open';

comment on table budget_grant is 'What a node may spend of a window without asking. Only that node changes it while it lives.';
comment on column budget_grant.settled is 'What it has spent: of money and tokens moved by the transaction that writes the usage entry, of other units told by the node.';
comment on column budget_grant.reserved is 'Set aside for running work when the node last told; idle is the part of it that it would yield.';
comment on column budget_grant.state is 'orphan: its node died. What is not settled of it stays burned until it is reconciled or the window ends, because the node may have spent it.';
comment on column budget_grant.seq is 'Counts the rounds; a round with another number changes nothing.';

alter table usage_entry add column reserved_at timestamptz;
alter table usage_entry add column charged bigint[] not null default '{}';

comment on column usage_entry.reserved_at is 'When its money was set aside, by the database''s clock as the node knew it; null in rows from before there were grants.';
comment on column usage_entry.charged is 'The budget windows (budget_balance.id) that the entry counts against.';

create function window_start(period text, at timestamptz) returns timestamptz language sql immutable as $$
    select case period
        when 'total' then timestamptz 'epoch'
        else date_trunc(period, at, 'UTC')
    end
$$;

create function window_end(period text, at timestamptz) returns timestamptz language sql immutable as $$
    select case period
        when 'total' then null
        else (date_trunc(period, at at time zone 'UTC') + ('1 ' || period)::interval) at time zone 'UTC'
    end
$$;

create function ledger_sum(of_tenant text, of_subject text, of_unit text, since timestamptz) returns bigint
    language sql stable as $$
    select coalesce(sum(case of_unit
        when 'money' then cost_nano
        else text_in + audio_in + image_in + text_out + audio_out end), 0)::bigint
    from usage_entry
    where of_unit in ('money', 'tokens')
      and tenant_id = of_tenant
      and (of_subject = '' or subject = of_subject)
      and period >= to_char(since at time zone 'UTC', 'YYYYMM')::int
      and coalesce(reserved_at, event_time) >= since
$$;

comment on function ledger_sum(text, text, text, timestamptz) is 'What the ledger holds for a tenant, or one of its subjects, since a moment, in nano-dollars or tokens; 0 for other units.';

-- In a transaction of its own, before the round that needs it, so that a round only ever locks rows that are there.
create function open_balance(of_tenant text, key text, of_subject text, of_unit text, period text, is_hard boolean, amount bigint)
    returns bigint language plpgsql as $$
declare
    began timestamptz := window_start(period, clock_timestamp());
    found_id bigint;
    so_far bigint;
begin
    select id into found_id from budget_balance
    where tenant_id = of_tenant and limit_key = key and subject = of_subject and window_start = began;
    if found then
        return found_id;
    end if;
    perform pg_advisory_xact_lock(hashtext('open_balance'), hashtext(of_tenant || '/' || key || '/' || of_subject));
    so_far := ledger_sum(of_tenant, of_subject, of_unit, began);
    insert into budget_balance (tenant_id, limit_key, subject, unit, hard, window_start, window_end, opening, spent, limit_amount)
    values (of_tenant, key, of_subject, of_unit, is_hard, began, window_end(period, began), so_far, greatest(0, so_far), amount)
    on conflict do nothing;
    select id into found_id from budget_balance
    where tenant_id = of_tenant and limit_key = key and subject = of_subject and window_start = began;
    return found_id;
end
$$;

comment on function open_balance(text, text, text, text, text, boolean, bigint) is 'The window of now of a limit; made if it is not there yet.';

-- Locks in the order node, grants, balances, each by id: rounds, settling and the end of a node never wait in a circle.
create function exchange_grants(
    own_epoch bigint, grants bigint[], balances bigint[], seqs bigint[], gives bigint[], leasts bigint[], mosts bigint[],
    reserveds bigint[], idles bigint[], useds bigint[], closes boolean[], amounts bigint[], fresh_for interval)
    returns table (place int, outcome text, balance bigint, grant_id bigint, new_seq bigint, now_granted bigint,
                   now_settled bigint, window_millis bigint, over bigint, wanted boolean, reclaimable boolean,
                   all_spent bigint, window_ends timestamptz) language plpgsql as $$
declare
    moment timestamptz := clock_timestamp();
    b budget_balance;
    g budget_grant;
    others_free bigint;
    others_settled bigint;
    holders int;
    available bigint;
    share bigint;
begin
    if to_regclass('node') is not null then
        perform 1 from node where epoch = own_epoch and ended_at is null for key share;
        if not found then
            return query select n::int, 'fenced', 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, null::bigint,
                0::bigint, false, false, 0::bigint, null::timestamptz
                from generate_subscripts(grants, 1) as n;
            return;
        end if;
    end if;
    insert into budget_grant (balance_id, epoch)
    select one.balance_id, own_epoch from unnest(grants, balances) as one (id, balance_id)
    where one.id is null order by 1
    on conflict do nothing;
    perform 1 from budget_grant as held
    where held.epoch = own_epoch
      and (held.id = any (grants) or held.balance_id = any (balances)) order by held.id for no key update;
    perform 1 from budget_balance as locked
    where locked.id in (select held.balance_id from budget_grant as held
                        where held.epoch = own_epoch
                          and (held.id = any (grants) or held.balance_id = any (balances)))
    order by locked.id for no key update;
    for place in select n from generate_subscripts(grants, 1) as n order by n loop
        if grants[place] is null then
            select * into g from budget_grant as held where held.balance_id = balances[place] and held.epoch = own_epoch;
        else
            select * into g from budget_grant as held where held.id = grants[place];
        end if;
        select * into b from budget_balance as found_one where found_one.id = g.balance_id;
        outcome := 'done';
        if g.state = 'closed' and grants[place] is null then
            g.state := 'open';
            g.granted := 0;
            g.settled := 0;
            g.seq := g.seq + 1;
        elsif g.state <> 'open' then
            outcome := 'closed';
        elsif (grants[place] is null and g.seq > 1) or (grants[place] is not null and seqs[place] is distinct from g.seq) then
            outcome := 'stale';
            g.seq := g.seq + 1;
        else
            g.seq := g.seq + 1;
        end if;
        if outcome = 'done' then
            g.granted := g.granted - gives[place];
            b.granted := b.granted - gives[place];
            g.reserved := reserveds[place];
            g.idle := idles[place];
            b.limit_amount := amounts[place];
            if b.unit not in ('money', 'tokens') then
                g.settled := greatest(g.settled, useds[place]);
            end if;
        end if;
        if outcome = 'done' and closes[place] then
            b.granted := b.granted - g.granted;
            b.spent := b.spent + g.settled;
            g.state := 'closed';
            outcome := 'closed';
        end if;
        select coalesce(sum(other.settled), 0), count(*),
               coalesce(sum(greatest(0, other.granted - other.settled - other.reserved + other.idle))
                   filter (where other.state = 'open' and other.epoch <> own_epoch), 0)
        into others_settled, holders, others_free
        from budget_grant as other where other.balance_id = b.id and other.state <> 'closed' and other.id <> g.id;
        if outcome = 'done' and mosts[place] > 0 then
            available := b.limit_amount - b.spent - b.granted;
            share := case when b.hard
                then least(mosts[place], greatest(leasts[place], available / (2 * (holders + 1))), greatest(0, available))
                else mosts[place] end;
            g.granted := g.granted + share;
            b.granted := b.granted + share;
            if share < leasts[place] then
                b.wanted_until := moment + fresh_for;
                b.wanted_by := own_epoch;
            end if;
        end if;
        update budget_grant set granted = g.granted, settled = g.settled, reserved = g.reserved, idle = g.idle,
            state = g.state, seq = g.seq where id = g.id;
        update budget_balance set spent = b.spent, granted = b.granted, limit_amount = b.limit_amount,
            wanted_until = b.wanted_until, wanted_by = b.wanted_by where id = b.id;
        balance := b.id;
        grant_id := g.id;
        new_seq := g.seq;
        now_granted := g.granted;
        now_settled := g.settled;
        window_millis := case when b.window_end is not null
            then greatest(0, floor(extract(epoch from b.window_end - moment) * 1000))::bigint end;
        over := case when b.hard then greatest(0, b.spent + b.granted - b.limit_amount) else 0 end;
        wanted := b.wanted_until > moment and b.wanted_by <> own_epoch;
        wanted := coalesce(wanted, false);
        reclaimable := others_free > 0;
        all_spent := b.spent + others_settled + case when g.state = 'closed' then 0 else g.settled end;
        window_ends := b.window_end;
        return next;
    end loop;
end
$$;

comment on function exchange_grants(bigint, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[], bigint[], interval) is 'One round of one node: gives back, takes more within the limits, closes; an ask whose number is not the last one changes nothing.';

create function settle_grants(grants bigint[], amounts bigint[]) returns void language plpgsql as $$
begin
    perform 1 from budget_grant where id = any (grants) order by id for no key update;
    update budget_grant as g set settled = g.settled + one.amount
    from unnest(grants, amounts) as one (id, amount) where g.id = one.id;
    -- Of a closed one the balance has taken over what was settled: the end of a dead node's grant of a soft limit.
    perform 1 from budget_balance where id in (
        select balance_id from budget_grant where id = any (grants) and state = 'closed') order by id for no key update;
    update budget_balance as b set spent = b.spent + late.amount
    from (select g.balance_id, sum(one.amount)::bigint as amount
          from unnest(grants, amounts) as one (id, amount) join budget_grant as g on g.id = one.id
          where g.state = 'closed' group by g.balance_id) as late
    where b.id = late.balance_id;
end
$$;

comment on function settle_grants(bigint[], bigint[]) is 'Moves what usage entries charge into their grants; called in the transaction that writes the entries, for each grant once.';

create function orphan_grants(of_node text, dead bigint) returns void language plpgsql as $$
begin
    perform 1 from budget_grant where epoch = dead and state = 'open' order by id for no key update;
    perform 1 from budget_balance where id in (
        select balance_id from budget_grant where epoch = dead and state = 'open') order by id for no key update;
    update budget_balance as b set granted = b.granted - g.granted, spent = b.spent + g.settled
    from budget_grant as g where g.balance_id = b.id and g.epoch = dead and g.state = 'open' and not b.hard;
    update budget_grant as g set state = case when b.hard then 'orphan' else 'closed' end
    from budget_balance as b where b.id = g.balance_id and g.epoch = dead and g.state = 'open';
end
$$;

comment on function orphan_grants(text, bigint) is 'What a dead node held: of hard limits it stays burned, of soft ones it is free again.';
