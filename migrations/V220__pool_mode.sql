-- How sessions use upstream sessions: one of their own, or those of their tenant by turns.

alter table plan
    add column pool_mode text check (pool_mode in ('session', 'turn')),
    add column turn_models text[];
alter table tenant
    add column pool_mode text check (pool_mode in ('session', 'turn')),
    add column turn_models text[];

comment on column plan.pool_mode is 'session: each session has an upstream session of its own; turn: each response runs on an upstream session that the tenant''s sessions share.';
comment on column plan.turn_models is 'The models whose conversations are in pool mode turn, whatever pool_mode says.';
comment on column tenant.pool_mode is 'This and the next: null: as its plan says.';

create or replace function settings_of(of_tenant text, of_plan text) returns jsonb language sql stable as $$
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
        'prompts_allowed', said.prompts_allowed, 'models', said.models, 'voices', said.voices,
        'pool_mode', said.pool_mode, 'turn_models', said.turn_models)
    from (select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices, pool_mode, turn_models
          from tenant where id = of_tenant
          union all
          select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices, pool_mode, turn_models
          from plan where id = of_plan) as said
$$;
