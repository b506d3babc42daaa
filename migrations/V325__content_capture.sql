-- Whether operators may read what is said in a tenant's sessions. What is said itself never comes to this database.

alter table plan add column content_capture boolean;
alter table tenant add column content_capture boolean;

comment on column plan.content_capture is 'Whether nodes keep the last of what is said in sessions, in their memory only, for operators to read.';
comment on column tenant.content_capture is 'The same; null: as its plan says.';

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
        'pool_mode', said.pool_mode, 'turn_models', said.turn_models, 'content_capture', said.content_capture)
    from (select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices, pool_mode, turn_models, content_capture
          from tenant where id = of_tenant
          union all
          select close_on_exhausted, mcp_allowed, prompts_allowed, models, voices, pool_mode, turn_models, content_capture
          from plan where id = of_plan) as said
$$;
