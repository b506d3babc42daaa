-- Rows of tenants are seen by the broker and, one tenant's at a time, by the role of the tenant plane.

-- Roles belong to the whole server: another database of it may have made this one already.
do $$
begin
    if not exists (select from pg_roles where rolname = 'parley_tenant') then
        create role parley_tenant nologin;
    end if;
    if not pg_has_role(current_user, 'parley_tenant', 'member') then
        execute format('grant parley_tenant to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise notice 'the role parley_tenant is not to be had: this user may not create roles';
    when duplicate_object or unique_violation then
        null;
end
$$;

-- The broker's own user owns the tables. Its rows are all of them, by a policy, since the owner obeys them too.
create function protect_tenant_rows(of_table regclass, sees text) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', of_table);
    execute format('alter table %s force row level security', of_table);
    execute format('create policy broker on %s for all to %I using (true) with check (true)', of_table, current_user);
    if sees is not null and exists (select from pg_roles where rolname = 'parley_tenant') then
        execute format('create policy tenant_plane on %s for select to parley_tenant using (%s)', of_table, sees);
        execute format('grant select on %s to parley_tenant', of_table);
    end if;
end
$$;

comment on function protect_tenant_rows(regclass, text) is 'For every table that has a tenant_id: the tenant plane sees the rows for which the condition holds; null: none.';

select protect_tenant_rows('tenant', $$id = current_setting('parley.tenant')$$);
select protect_tenant_rows(one::regclass, $$tenant_id = current_setting('parley.tenant')$$)
from unnest(array['tenant_limit', 'budget_balance', 'usage_entry', 'usage_rollup', 'session_error', 'live_session',
                  'session_count', 'budget_event']) as one;
-- What a plan says is no secret of a tenant.
select protect_tenant_rows('budget', $$tenant_id = current_setting('parley.tenant') or tenant_id is null$$);
-- Nothing that the tenant plane asks for: keys, and what is between the broker and its operators.
select protect_tenant_rows(one::regclass, null)
from unnest(array['token_issuer', 'revoked_token', 'webhook', 'late_entry']) as one;

do $$
begin
    if exists (select from pg_roles where rolname = 'parley_tenant') then
        grant select on plan, plan_limit to parley_tenant;
    end if;
end
$$;

create function act_for_tenant(of_tenant text) returns void language plpgsql as $$
begin
    perform set_config('parley.tenant', of_tenant, true);
    if exists (select from pg_roles where rolname = 'parley_tenant' and pg_has_role(oid, 'member')) then
        perform set_config('role', 'parley_tenant', true);
    end if;
end
$$;

comment on function act_for_tenant(text) is 'Until the transaction ends, this connection sees what this tenant may see, and changes nothing.';
