-- What is left of a limit could end in rests on several nodes, each too small to serve anybody who waits there: a node now says
-- below what a grant is of no use to it; while others lack something, it puts such a rest back and is given none.
drop function exchange_grants(bigint, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[], bigint[], interval);

create function exchange_grants(
    own_epoch bigint, grants bigint[], balances bigint[], seqs bigint[], gives bigint[], leasts bigint[],
    usefuls bigint[], mosts bigint[], reserveds bigint[], idles bigint[], useds bigint[], closes boolean[],
    amounts bigint[], fresh_for interval)
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
        wanted := coalesce(b.wanted_until > moment and b.wanted_by <> own_epoch, false); -- whatever this node lacks now
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
            if b.hard and wanted and share < usefuls[place] then
                share := 0; -- it would serve nobody there, and could serve those who lack it, too
            end if;
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
        reclaimable := others_free > 0;
        all_spent := b.spent + others_settled + case when g.state = 'closed' then 0 else g.settled end;
        window_ends := b.window_end;
        return next;
    end loop;
end
$$;
comment on function exchange_grants(bigint, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[], boolean[], bigint[], interval) is 'One round of one node: gives back, takes more within the limits, closes; less than is useful is not given; an ask whose number is not the last one changes nothing.';
