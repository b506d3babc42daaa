-- Budget events go out to webhooks.

create table budget_watch (
    only_row  boolean primary key default true check (only_row),
    looked_at timestamptz not null default clock_timestamp()
);
insert into budget_watch default values;

comment on table budget_watch is 'One row, locked by whoever looks for budgets that have passed a threshold, so that looking costs the same on any number of nodes.';

drop function raise_budget_events();

create function raise_budget_events(every interval) returns int language plpgsql as $$
declare
    b record;
    changed int := 0;
    -- As a value, not as a volatile call: so the index on window_end is used.
    not_ended_before timestamptz := clock_timestamp() - interval '5 minutes';
begin
    perform 1 from budget_watch where looked_at <= clock_timestamp() - every for update skip locked;
    if not found then
        return 0;
    end if;
    update budget_watch set looked_at = clock_timestamp();
    -- In the order in which everybody locks balances; only those that change are touched at all.
    for b in
        select used.*, now.passed
        from (
            select balance.id, balance.tenant_id, balance.subject, balance.window_start, balance.window_end,
                   balance.raised, budget.name, budget.unit, budget.period, budget.amount, budget.hard,
                   budget.thresholds,
                   balance.spent + coalesce((select sum(settled) from budget_grant
                       where balance_id = balance.id and state <> 'closed'), 0)::bigint as spent
            from budget_balance as balance
            join tenant on tenant.id = balance.tenant_id
            left join budget as own on own.tenant_id = tenant.id and own.name = balance.budget
            left join budget as shared on shared.plan = tenant.plan and shared.name = balance.budget
            join budget on budget.id = coalesce(own.id, shared.id)
            -- What was the budget's before its unit, period, scope or hardness changed is nobody's now.
            where balance.limit_key = concat_ws('/', 'budget', budget.name, budget.unit, budget.period, budget.scope,
                                                case when budget.hard then 'hard' else 'soft' end)
              and (budget.subject is null or budget.subject = balance.subject)
              and budget.amount is not null
              and balance.budget is not null
              and (balance.window_end is null or balance.window_end > not_ended_before)
        ) as used
        cross join lateral (
            select coalesce(max(one), 0) as passed from unnest(used.thresholds) as one
            where used.spent::numeric * 100 >= one::numeric * used.amount) as now
        where now.passed <> used.raised
        order by used.id
        limit 500
    loop
        insert into budget_event (tenant_id, budget, unit, period, subject, threshold, spent, amount, hard,
                                  window_start, window_end)
        select b.tenant_id, b.name, b.unit, b.period, nullif(b.subject, ''), one, b.spent, b.amount, b.hard,
               b.window_start, b.window_end
        from unnest(b.thresholds) as one where one > b.raised and one <= b.passed order by one;
        update budget_balance set raised = b.passed where id = b.id;
        changed := changed + 1;
    end loop;
    return changed;
end
$$;

comment on function raise_budget_events(interval) is 'Writes an event for each threshold that a budget has newly passed, of at most 500 balances; returns how many changed. Does nothing when another is at it, or was less than the interval ago. After the amount was raised a threshold can be passed again.';

create table webhook (
    id           text primary key check (id ~ '^wh_[A-Za-z0-9_-]{22}$'),
    tenant_id    text references tenant (id) on delete cascade,
    url          text not null check (length(url) <= 2048),
    secret       bytea not null,
    enabled      boolean not null default true,
    failures     int not null default 0,
    lease        bigint not null default 0,
    leased_until timestamptz,
    created_at   timestamptz not null default now()
);

comment on table webhook is 'Where events are sent by HTTP POST.';
comment on column webhook.tenant_id is 'Whose events; null: those of all tenants.';
comment on column webhook.secret is 'Signs what is sent; encrypted for this row.';
comment on column webhook.failures is 'Tries that failed since one succeeded.';
comment on column webhook.lease is 'Counts the tries; who has the last number may say how the delivery went.';
comment on column webhook.leased_until is 'Until then a node is sending to it: one delivery at a time.';

create table webhook_delivery (
    id              bigint generated always as identity primary key,
    webhook         text not null references webhook (id) on delete cascade,
    event           bigint not null references budget_event (id) on delete cascade,
    attempts        int not null default 0,
    next_attempt_at timestamptz not null default clock_timestamp(),
    delivered_at    timestamptz,
    given_up_at     timestamptz,
    last_status     int,
    last_error      text,
    unique (webhook, event),
    check (num_nonnulls(delivered_at, given_up_at) < 2)
);
create index webhook_delivery_waiting on webhook_delivery (webhook, next_attempt_at)
    where delivered_at is null and given_up_at is null;
create index webhook_delivery_event on webhook_delivery (event);

comment on table webhook_delivery is 'An event that a webhook is to be told, or was.';
comment on column webhook_delivery.next_attempt_at is 'Not before; of no meaning when it was delivered or given up.';
comment on column webhook_delivery.last_status is 'The HTTP status of the last answer; null: there was none.';

create function queue_deliveries() returns trigger language plpgsql as $$
begin
    insert into webhook_delivery (webhook, event)
    select webhook.id, raised.id from raised
    join webhook on webhook.enabled and (webhook.tenant_id is null or webhook.tenant_id = raised.tenant_id)
    order by raised.id, webhook.id;
    return null;
end
$$;

create trigger budget_event_deliveries after insert on budget_event referencing new table as raised
    for each statement execute function queue_deliveries();
