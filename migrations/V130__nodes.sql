create table node (
    epoch        bigint generated always as identity primary key,
    name         text not null check (length(name) between 1 and 255),
    started_at   timestamptz not null default clock_timestamp(),
    heartbeat_at timestamptz not null default clock_timestamp(),
    ended_at     timestamptz,
    end_reason   text check (end_reason in ('stopped', 'late', 'replaced')),
    draining     boolean not null default false,
    address      text not null,
    version      text not null,
    check ((ended_at is null) = (end_reason is null))
) with (fillfactor = 50);

create unique index node_living on node (name) where ended_at is null;

comment on table node is 'Broker processes: one row for each start. Those without an ended_at are alive.';
comment on column node.epoch is 'Counts the starts of all nodes. Everything that a node writes carries it, and counts only while the row is not ended.';
comment on column node.name is 'The setting node.name. Among the living it is unique: a start under a name ends the one that had it.';
comment on column node.heartbeat_at is 'Written every second, by this database''s clock.';
comment on column node.ended_at is 'From this moment the node''s permits are given back and nothing that it writes under this epoch is taken.';
comment on column node.end_reason is 'stopped: by itself; late: without a heartbeat for too long; replaced: another process started under its name.';
comment on column node.draining is 'It takes no new sessions and lets its own end.';
comment on column node.address is 'Where its admin plane listens.';
comment on column node.version is 'The broker''s version.';

create table session_count (
    tenant_id text primary key,
    open      int not null check (open >= 0)
) with (fillfactor = 50);

comment on table session_count is 'How many rows each tenant has in live_session. Its row is locked by whoever adds or takes away one, so that a limit on sessions at once is exact on any number of nodes.';

create table live_session (
    session_id text primary key,
    tenant_id  text not null,
    subject    text not null,
    model      text,
    node       text not null,
    epoch      bigint not null references node (epoch),
    started_at timestamptz not null default clock_timestamp()
);
create index live_session_subject on live_session (tenant_id, subject);
create index live_session_epoch on live_session (epoch);

comment on table live_session is 'The sessions of all nodes that count now: a row is the permit of a session. Written by exchange_permits and end_node only.';
comment on column live_session.session_id is 'The broker''s own id of the session.';
comment on column live_session.subject is 'The end user inside the tenant: the token''s sub.';
comment on column live_session.model is 'What the client asked for; null if a transcription session named none.';
comment on column live_session.node is 'The node that serves it, with its epoch.';

create table node_command (
    id         bigint generated always as identity primary key,
    node       text not null,
    epoch      bigint not null references node (epoch),
    kind       text not null check (kind in ('end_session', 'drain', 'refresh_tenant')),
    argument   text,
    created_at timestamptz not null default clock_timestamp(),
    acked_at   timestamptz,
    result     text,
    check ((acked_at is null) = (result is null)),
    check ((kind = 'drain') = (argument is null))
);
create index node_command_waiting on node_command (epoch, id) where acked_at is null;

comment on table node_command is 'What operators ask of a node. It looks here every second; a NOTIFY on the channel "parley" only makes it look sooner.';
comment on column node_command.argument is 'end_session: the session; refresh_tenant: the tenant.';
comment on column node_command.acked_at is 'When the node had done it, or had ended.';
comment on column node_command.result is 'done, or why not.';

-- The transaction that last changed a tenant. A reader that asks for xid >= the oldest transaction that was running when it
-- asked before misses no change, whatever the order of the commits.
alter table tenant add column changed_xid xid8 not null default pg_current_xact_id();
create index tenant_changed on tenant (changed_xid);

comment on column tenant.changed_xid is 'The transaction of the last change of this row or of its models; nodes look for it twice a second.';

create function note_tenant_change() returns trigger language plpgsql as $$
begin
    new.changed_xid := pg_current_xact_id();
    return new;
end
$$;

create trigger tenant_change before insert or update on tenant
    for each row execute function note_tenant_change();

create function note_tenant_model_change() returns trigger language plpgsql as $$
begin
    update tenant set changed_xid = pg_current_xact_id()
    where id in (select new.tenant_id where tg_op <> 'DELETE' union select old.tenant_id where tg_op <> 'INSERT');
    return null;
end
$$;

create trigger tenant_model_change after insert or update or delete on tenant_model
    for each row execute function note_tenant_model_change();

-- Takes the lock that a round of permits shares, so that a round is either seen whole by what follows or finds the end.
create function end_node(dead bigint, why text, silent_for interval default null) returns int language plpgsql as $$
declare
    dead_name text;
    one record;
    returned int;
    total int := 0;
begin
    select name into dead_name from node
    where epoch = dead and ended_at is null
      and (silent_for is null or heartbeat_at < clock_timestamp() - silent_for)
    for update;
    if not found then
        return null;
    end if;
    update node set ended_at = clock_timestamp(), end_reason = why where epoch = dead;
    for one in select distinct tenant_id from live_session where epoch = dead order by tenant_id loop
        perform 1 from session_count where tenant_id = one.tenant_id for update;
        delete from live_session where epoch = dead and tenant_id = one.tenant_id;
        get diagnostics returned = row_count;
        update session_count set open = open - returned where tenant_id = one.tenant_id;
        total := total + returned;
    end loop;
    update node_command set acked_at = clock_timestamp(), result = 'the node has ended'
    where epoch = dead and acked_at is null;
    if to_regprocedure('orphan_grants(text, bigint)') is not null then
        execute 'select orphan_grants($1, $2)' using dead_name, dead;
    end if;
    return total;
end
$$;

comment on function end_node(bigint, text, interval) is 'Ends a living epoch, if its last heartbeat is older than silent_for, and gives back what it holds. Returns the number of its sessions; null if it was not to be ended.';

create function register_node(wanted text, at_address text, build text, replaces boolean)
    returns table (new_epoch bigint, database_now timestamptz) language plpgsql as $$
declare
    living bigint;
begin
    perform pg_advisory_xact_lock(hashtext('node'), hashtext(wanted));
    select epoch into living from node where name = wanted and ended_at is null;
    if found then
        if not replaces then
            return;
        end if;
        perform end_node(living, 'replaced');
    end if;
    return query insert into node (name, address, version) values (wanted, at_address, build)
        returning epoch, clock_timestamp();
end
$$;

comment on function register_node(text, text, text, boolean) is 'Gives a process a new epoch under a name. If the name has a living one, that is ended, or, without replaces, no row is returned.';

create function reap_nodes(silent_for interval, asked_at timestamptz)
    returns table (dead_node text, dead_epoch bigint, sessions int) language plpgsql as $$
begin
    if clock_timestamp() > asked_at + interval '1 second' or not pg_try_advisory_xact_lock(hashtext('reap_nodes')) then
        return;
    end if;
    for dead_node, dead_epoch in
        select name, epoch from node
        where ended_at is null and heartbeat_at < clock_timestamp() - silent_for order by epoch
    loop
        sessions := end_node(dead_epoch, 'late', silent_for);
        if sessions is not null then
            return next;
        end if;
    end loop;
end
$$;

comment on function reap_nodes(interval, timestamptz) is 'Ends the nodes without a heartbeat for so long; one process at a time. Does nothing when it was asked, by this database''s clock, more than a second ago: what held the question up has held up heartbeats, too.';

-- Tenants in their order, so that no two rounds wait for each other in a circle.
create function exchange_permits(
    own_epoch bigint, back_ids text[], back_tenants text[],
    ids text[], tenants text[], subjects text[], models text[], tenant_max int[], subject_max int[])
    returns table (place int, outcome text, already_open int) language plpgsql as $$
declare
    own_name text;
    one text;
    take record;
    was int;
    returned int;
begin
    select name into own_name from node where epoch = own_epoch and ended_at is null for key share;
    if not found then
        return query select n::int, 'fenced', 0 from generate_subscripts(ids, 1) as n;
        return;
    end if;
    for one in select unnest(back_tenants) union select unnest(tenants) order by 1 loop
        insert into session_count (tenant_id, open) values (one, 0) on conflict do nothing;
        select open into was from session_count where tenant_id = one for update;
        delete from live_session using unnest(back_ids, back_tenants) as back (id, tenant)
        where back.tenant = one and session_id = back.id and epoch = own_epoch;
        get diagnostics returned = row_count;
        already_open := was - returned;
        for take in
            select * from unnest(ids, tenants, subjects, models, tenant_max, subject_max)
                with ordinality as wanted (id, tenant, subject, model, most, most_of_subject, n)
            where tenant = one order by n
        loop
            place := take.n;
            if exists (select from live_session where session_id = take.id) then
                outcome := 'taken'; -- a round whose outcome was not heard is tried again
            elsif already_open >= take.most then
                outcome := 'tenant_full';
            elsif take.most_of_subject is not null and take.most_of_subject <= (
                    select count(*) from live_session where tenant_id = one and subject = take.subject) then
                outcome := 'subject_full';
            else
                insert into live_session (session_id, tenant_id, subject, model, node, epoch)
                values (take.id, one, take.subject, take.model, own_name, own_epoch);
                already_open := already_open + 1;
                outcome := 'taken';
            end if;
            return next;
        end loop;
        if already_open <> was then
            update session_count set open = already_open where tenant_id = one;
        end if;
    end loop;
end
$$;

comment on function exchange_permits(bigint, text[], text[], text[], text[], text[], text[], int[], int[]) is 'One round of one node: gives sessions back, then takes new ones within their limits; null for a subject without one. A node that is ended gets fenced for each.';
