-- GET /v1/usage is read in the role of the tenant plane: beside what a budget has spent, what its open grants have settled.
select protect_tenant_rows('budget_grant', $$exists (select from budget_balance as b where b.id = balance_id)$$);
