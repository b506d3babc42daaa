create function model_family(name text) returns text language sql immutable as $$
    select regexp_replace(name, '-[0-9]{4}-[0-9]{2}-[0-9]{2}$', '')
$$;

comment on function model_family(text) is 'The name of a model without the date of its snapshot.';

create view orphaned_grant as
    select g.id as grant_id, b.id as balance_id, b.tenant_id, b.limit_key, b.subject, b.unit, n.name as node,
           g.granted - g.settled as burned, greatest(b.window_start, n.started_at) as since,
           least(b.window_end, n.ended_at + interval '1 hour') as until
    from budget_grant as g
    join budget_balance as b on b.id = g.balance_id
    join node as n on n.epoch = g.epoch
    where g.state = 'orphan' and n.ended_at is not null and b.unit in ('money', 'tokens');

comment on view orphaned_grant is 'What dead nodes held of hard budgets, and when they may have spent it: an hour after its end at the latest, however long it went on unknown to the others.';

create function release_orphans(grants bigint[]) returns int language plpgsql as $$
declare
    released int;
begin
    perform 1 from budget_grant where id = any (grants) and state = 'orphan' order by id for no key update;
    perform 1 from budget_balance where id in (
        select balance_id from budget_grant where id = any (grants) and state = 'orphan') order by id for no key update;
    update budget_balance as b set granted = b.granted - of_balance.granted, spent = b.spent + of_balance.settled
    from (select balance_id, sum(granted)::bigint as granted, sum(settled)::bigint as settled
          from budget_grant where id = any (grants) and state = 'orphan' group by balance_id) as of_balance
    where b.id = of_balance.balance_id;
    update budget_grant set state = 'closed' where id = any (grants) and state = 'orphan';
    get diagnostics released = row_count;
    return released;
end
$$;

comment on function release_orphans(bigint[]) is 'What of these grants was not settled is free again: it is known by now what was spent of them.';
