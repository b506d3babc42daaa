-- What a tenant may use: the limits and budgets of its plan, with overrides of its own.

create table plan (
    id                 text primary key check (id ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name               text not null check (length(name) between 1 and 255),
    close_on_exhausted boolean,
    mcp_allowed        boolean,
    prompts_allowed    boolean,
    models             text[],
    voices             text[],
    generation         bigint not null default 1,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);

comment on table plan is 'A named set of limits and budgets that tenants share. What a plan does not say is as the broker''s defaults say.';
comment on column plan.close_on_exhausted is 'Whether an exhausted budget ends the session, or only refuses the response.';
comment on column plan.mcp_allowed is 'Whether sessions may use MCP tools, by which the provider connects anywhere on the tenant''s behalf.';
comment on column plan.prompts_allowed is 'Whether sessions may use prompts that are kept by the provider.';
comment on column plan.models is 'The models that may be used; empty: every model of the catalogue.';
comment on column plan.voices is 'The voices that may be used; empty: every voice.';
comment on column plan.generation is 'Counts the changes of the plan.';

insert into plan (id, name) values ('standard', 'Standard');

create domain limit_name as text check (value in (
    'sessions_max', 'subject_sessions_max', 'session_length_max_seconds', 'output_tokens_max',
    'session_starts_per_minute', 'responses_per_minute', 'tokens_per_minute', 'audio_seconds_per_day',
    'subject_session_starts_per_minute', 'subject_responses_per_minute', 'subject_tokens_per_minute',
    'subject_audio_seconds_per_day'));

create table plan_limit (
    plan   text not null references plan (id) on delete cascade,
    name   limit_name,
    amount bigint check (amount >= 0),
    primary key (plan, name)
);

create table tenant_limit (
    tenant_id text not null references tenant (id) on delete cascade,
    name      limit_name,
    amount    bigint check (amount >= 0),
    primary key (tenant_id, name)
);

comment on table plan_limit is 'The limits of a plan. A limit without a row is as the broker''s defaults say; amount null: without limit.';
comment on table tenant_limit is 'Where a tenant differs from its plan. A limit without a row is the plan''s; amount null: without limit.';

create table budget (
    id         bigint generated always as identity primary key,
    tenant_id  text references tenant (id) on delete cascade,
    plan       text references plan (id) on delete cascade,
    name       text not null check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    unit       text not null check (unit in ('money', 'tokens')),
    period     text not null check (period in ('hour', 'day', 'month', 'total')),
    scope      text not null check (scope in ('tenant', 'each_subject', 'subject')),
    subject    text,
    amount     bigint check (amount >= 0),
    hard       boolean not null default true,
    thresholds int[] not null default '{50,80,100}' check (not (0 >= any (thresholds))),
    check (num_nonnulls(tenant_id, plan) = 1),
    check ((scope = 'subject') = (subject is not null)),
    check (plan is null or scope <> 'subject'),
    unique (tenant_id, name),
    unique (plan, name)
);

comment on table budget is 'How much may be used in a period. A tenant''s budget takes the place of its plan''s of the same name.';
comment on column budget.unit is 'money: amount in nano-dollars (10^-9 USD); tokens: input and output together.';
comment on column budget.period is 'When it renews: at the full hour, day or month, UTC; total: never.';
comment on column budget.scope is 'Whose use counts: the whole tenant''s, each of its subjects'' by itself, or that of the one in subject.';
comment on column budget.amount is 'Null: without limit, so that a tenant can be rid of a budget of its plan.';
comment on column budget.hard is 'Whether work is refused above it. A soft budget only raises events.';
comment on column budget.thresholds is 'Percent of the amount at which an event is raised.';

alter table tenant add column plan text not null default 'standard' references plan (id);
alter table tenant add column mcp_allowed boolean;
alter table tenant add column prompts_allowed boolean;
alter table tenant add column models text[];
alter table tenant add column voices text[];
alter table tenant alter column close_on_exhausted drop not null, alter column close_on_exhausted drop default;
create index tenant_plan on tenant (plan);

comment on column tenant.close_on_exhausted is 'This and the next: null: as its plan says.';

-- What tenants had so far stays theirs.
insert into tenant_limit (tenant_id, name, amount)
select id, 'sessions_max', sessions_max from tenant
union all select id, 'output_tokens_max', output_tokens_max from tenant
union all select id, 'session_length_max_seconds', session_length_max_seconds from tenant;
insert into budget (tenant_id, name, unit, period, scope, amount)
select id, 'main', 'money', budget_period, 'tenant', budget_nano from tenant;
update tenant set models = array(select model from tenant_model where tenant_id = id order by model);

drop table tenant_model;
drop function note_tenant_model_change();
alter table tenant
    drop column sessions_max, drop column output_tokens_max, drop column session_length_max_seconds,
    drop column budget_nano, drop column budget_period;

-- Nodes follow tenant.changed_xid: whatever changes what a tenant may do changes it too.
create function note_settings_change() returns trigger language plpgsql as $$
declare
    old_row jsonb := to_jsonb(old);
    new_row jsonb := to_jsonb(new);
begin
    update tenant set changed_xid = pg_current_xact_id()
    where (id in (old_row ->> 'tenant_id', new_row ->> 'tenant_id')
           or plan in (old_row ->> 'plan', new_row ->> 'plan'))
      and changed_xid <> pg_current_xact_id(); -- once in a transaction, however many rows it changes
    return null;
end
$$;

create function note_plan_change() returns trigger language plpgsql as $$
begin
    update tenant set changed_xid = pg_current_xact_id() where plan = new.id and changed_xid <> pg_current_xact_id();
    return null;
end
$$;

create trigger plan_change after update on plan for each row execute function note_plan_change();
create trigger plan_limit_change after insert or update or delete on plan_limit
    for each row execute function note_settings_change();
create trigger tenant_limit_change after insert or update or delete on tenant_limit
    for each row execute function note_settings_change();
create trigger budget_change after insert or update or delete on budget
    for each row execute function note_settings_change();

-- One shape for plans and tenants: only what they say themselves.
create function settings_of(of_tenant text, of_plan text) returns jsonb language sql stable as $$
    select jsonb_build_object(
        'limits', coalesce((
            select jsonb_object_agg(own.name, own.amount)
            from (select name, amount from tenant_limit where tenant_id = of_tenant
                  union all select name, amount from plan_limit where plan = of_plan) as own), '{}'),
        'budgets', coalesce((
            select jsonb_agg(jsonb_build_object(
                'name', name, 'unit', unit, 'period', period, 'scope', scope, 'subject', subject,
                'amount', amount, 'hard', hard, 'thresholds', thresholds) order by name)
            from budget where tenant_id = of_tenant or plan = of_plan), '[]'),
        'close_on_exhausted', said.close_on_exhausted, 'mcp_allowed', said.mcp_allowed,
        'prompts_allowed', said.prompts_allowed, 'models', said.models, 'voices', said.voices)
    from (select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices from tenant where id = of_tenant
          union all
          select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices from plan where id = of_plan) as said
$$;

comment on function settings_of(text, text) is 'What a tenant, or a plan, says itself; the other argument is null.';

-- Events of budgets.

create table budget_event (
    id           bigint generated always as identity primary key,
    tenant_id    text not null,
    budget       text not null,
    unit         text not null,
    period       text not null,
    subject      text,
    threshold    int not null,
    spent        bigint not null,
    amount       bigint not null,
    hard         boolean not null,
    window_start timestamptz not null,
    window_end   timestamptz,
    created_at   timestamptz not null default clock_timestamp()
);
create index budget_event_tenant on budget_event (tenant_id, id);

comment on table budget_event is 'A budget has passed one of its thresholds.';
comment on column budget_event.subject is 'Whose use passed it; null: the whole tenant''s.';
comment on column budget_event.threshold is 'Percent of the amount.';
comment on column budget_event.spent is 'In the budget''s unit, when the event was raised.';

alter table budget_balance add column budget text;
alter table budget_balance add column period text;
alter table budget_balance add column raised int not null default 0;
alter table budget_balance add column counted_xid xid8;
create index budget_balance_budget on budget_balance (window_end) where budget is not null;

comment on column budget_balance.budget is 'The budget''s name; null for a quota.';
comment on column budget_balance.opening is 'What the ledger holds of the window that no grant of it was charged with: from before the row was made, or from a time in which the tenant did not have the budget; part of spent.';
comment on column budget_balance.counted_xid is 'The tenant''s changed_xid when the opening was counted. After a change of settings it is counted again.';
comment on column budget_balance.raised is 'The highest threshold that the spending has passed.';

drop function open_balance(text, text, text, text, text, boolean, bigint);
drop function ledger_sum(text, text, text, timestamptz);

create function uncharged_sum(of_tenant text, of_subject text, of_unit text, since timestamptz, of_balance bigint) returns bigint
    language sql stable as $$
    select coalesce(sum(case of_unit
        when 'money' then cost_nano
        else text_in + audio_in + image_in + text_out + audio_out end), 0)::bigint
    from usage_entry
    where tenant_id = of_tenant
      and (of_subject = '' or subject = of_subject)
      and period >= to_char(since at time zone 'UTC', 'YYYYMM')::int
      and coalesce(reserved_at, event_time) >= since
      and not of_balance = any (charged)
$$;

comment on function uncharged_sum(text, text, text, timestamptz, bigint) is 'What the ledger holds since a moment for a tenant, or one of its subjects, in nano-dollars or tokens, that a budget window was not charged with.';

-- In a transaction of its own, before the round that needs it, so that a round only ever locks rows that are there.
create function open_balance(
    of_tenant text, key text, of_subject text, of_unit text, of_period text, is_hard boolean, wanted_amount bigint, of_budget text)
    returns bigint language plpgsql as $$
declare
    began timestamptz := window_start(of_period, clock_timestamp());
    settings_xid xid8 := (select changed_xid from tenant where id = of_tenant);
    known bigint;
    counted xid8;
    so_far bigint := 0;
begin
    select id, counted_xid into known, counted from budget_balance
    where tenant_id = of_tenant and limit_key = key and subject = of_subject and window_start = began;
    if found and (of_budget is null or counted is not distinct from settings_xid) then
        return known;
    end if;
    perform pg_advisory_xact_lock(hashtext('open_balance'), hashtext(of_tenant || '/' || key || '/' || of_subject));
    -- A quota counts from the moment on in which it is set; a budget counts what the ledger has already.
    if of_budget is not null then
        so_far := uncharged_sum(of_tenant, of_subject, of_unit, began, coalesce(known, 0));
    end if;
    insert into budget_balance as b (tenant_id, limit_key, subject, unit, period, hard, window_start, window_end, opening,
                                     spent, limit_amount, budget, counted_xid)
    values (of_tenant, key, of_subject, of_unit, of_period, is_hard, began, window_end(of_period, began), so_far,
            greatest(0, so_far), wanted_amount, of_budget, settings_xid)
    on conflict (tenant_id, limit_key, subject, window_start) do update
    set spent = b.spent + greatest(0, so_far - greatest(0, b.opening)), opening = greatest(b.opening, so_far),
        counted_xid = settings_xid
    where b.id = known
    returning id into known;
    if not found then -- somebody else has made it meanwhile
        select id into known from budget_balance
        where tenant_id = of_tenant and limit_key = key and subject = of_subject and window_start = began;
    end if;
    return known;
end
$$;

comment on function open_balance(text, text, text, text, text, boolean, bigint, text) is 'The window of now of a limit; made if it is not there yet.';

create function raise_budget_events() returns int language plpgsql as $$
declare
    b record;
    passed int;
    raised_events int := 0;
begin
    if not pg_try_advisory_xact_lock(hashtext('raise_budget_events')) then
        return 0;
    end if;
    for b in
        select balance.id, balance.tenant_id, balance.subject, balance.window_start, balance.window_end, balance.raised,
               budget.name, budget.unit, budget.period, budget.amount, budget.hard, budget.thresholds,
               balance.spent + coalesce((select sum(settled) from budget_grant
                   where balance_id = balance.id and state <> 'closed'), 0)::bigint as used
        from budget_balance as balance
        join tenant on tenant.id = balance.tenant_id
        join budget on budget.name = balance.budget and budget.amount is not null
            and (budget.tenant_id = tenant.id
                 or budget.plan = tenant.plan and not exists (
                     select from budget as own where own.tenant_id = tenant.id and own.name = balance.budget))
            and balance.limit_key = concat_ws('/', 'budget', budget.name, budget.unit, budget.period, budget.scope,
                                              case when budget.hard then 'hard' else 'soft' end)
        where balance.budget is not null
          and (balance.window_end is null or balance.window_end > clock_timestamp() - interval '5 minutes')
    loop
        select coalesce(max(one), 0) into passed from unnest(b.thresholds) as one
        where b.used::numeric * 100 >= one::numeric * b.amount;
        if passed > b.raised then
            insert into budget_event (tenant_id, budget, unit, period, subject, threshold, spent, amount, hard,
                                      window_start, window_end)
            select b.tenant_id, b.name, b.unit, b.period, nullif(b.subject, ''), one, b.used, b.amount, b.hard,
                   b.window_start, b.window_end
            from unnest(b.thresholds) as one where one > b.raised and one <= passed order by one;
            raised_events := raised_events + 1;
        end if;
        if passed <> b.raised then
            update budget_balance set raised = passed where id = b.id;
        end if;
    end loop;
    return raised_events;
end
$$;

comment on function raise_budget_events() is 'Writes an event for each threshold that a budget has newly passed; one caller at a time. After the amount was raised a threshold can be passed again.';
