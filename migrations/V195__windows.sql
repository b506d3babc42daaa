-- What a budget has to look at when a window of it is opened, and the end of windows of quotas.

drop index usage_entry_spending;
create index usage_entry_counted on usage_entry (tenant_id, (coalesce(reserved_at, event_time)));
create index usage_entry_subject on usage_entry (tenant_id, subject, (coalesce(reserved_at, event_time)));

create function forget_quota_windows(most int) returns int language plpgsql as $$
declare
    forgotten int;
begin
    delete from budget_balance
    where id in (
        select old.id from budget_balance as old
        where old.budget is null and old.window_end < clock_timestamp() - interval '1 hour'
          and not exists (select from budget_grant as held where held.balance_id = old.id and held.state = 'open')
        limit most for update skip locked);
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

comment on function forget_quota_windows(int) is 'Deletes windows of quotas, with their grants, an hour after their end: there is one for each minute of each subject. Those of which a living node still has a grant are left to it.';

create index budget_balance_quota_end on budget_balance (window_end) where budget is null;
