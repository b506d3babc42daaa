-- Whoever reads for billing must not move the cursors of the broker's own consumers. billing.next and billing.commit run with
-- the rights of their owner; who calls them is the session's user.
create function refuse_foreign_consumer() returns trigger language plpgsql as $$
begin
    if not has_table_privilege(session_user, tg_relid, 'update') then
        raise exception 'the consumer "%" is the broker''s own: take a name that does not begin with "parley-"', new.consumer
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger consumer_cursor_own before insert or update on consumer_cursor
    for each row when (new.consumer like 'parley-%') execute function refuse_foreign_consumer();

-- Whether a correction was booked before, on whichever tenant.
create index usage_entry_adjustment on usage_entry (entry_id) where kind = 'adjustment';
