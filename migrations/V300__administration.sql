create table administrator (
    id              bigint generated always as identity primary key,
    name            text not null unique check (name ~ '^[a-z0-9][a-z0-9._@+-]{0,127}$'),
    role            text not null check (role in ('viewer', 'operator', 'owner')),
    password_hash   text,
    disabled        boolean not null default false,
    failures        int not null default 0 check (failures >= 0),
    locked_until    timestamptz,
    generation      bigint not null default 1,
    created_at      timestamptz not null default now(),
    last_sign_in_at timestamptz
);

comment on table administrator is 'Who may sign in to the console.';
comment on column administrator.password_hash is 'argon2id, in the PHC string format; null until a sign-in link was used.';
comment on column administrator.failures is 'Wrong passwords since the last right one.';
comment on column administrator.locked_until is 'Until then no password is looked at.';
comment on column administrator.generation is 'Counts the changes of the row: the ETag of the admin API.';

create table sign_in_link (
    digest           bytea primary key,
    administrator_id bigint references administrator (id) on delete cascade,
    created_at       timestamptz not null default now(),
    expires_at       timestamptz not null
);

comment on table sign_in_link is 'Links with which an administrator sets a password, once. One without an administrator makes the first owner, and works only while there is none.';
comment on column sign_in_link.digest is 'SHA-256 of the secret in the link.';

create table console_session (
    id               text primary key,
    digest           bytea not null unique,
    administrator_id bigint not null references administrator (id) on delete cascade,
    created_at       timestamptz not null default now(),
    seen_at          timestamptz not null default now(),
    confirmed_at     timestamptz not null default now(),
    address          text not null,
    agent            text not null
);
create index console_session_administrator on console_session (administrator_id);

comment on table console_session is 'Signed-in browsers.';
comment on column console_session.digest is 'SHA-256 of the secret in the cookie.';
comment on column console_session.confirmed_at is 'When the password was last given: changes need it to be recent.';

create table api_token (
    id           text primary key,
    name         text not null check (length(name) between 1 and 128),
    digest       bytea not null unique,
    permissions  text[] not null,
    created_by   text not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

comment on table api_token is 'Tokens of the admin API, for automation. Shown once, kept as a hash.';
comment on column api_token.digest is 'SHA-256 of the token, which has 256 random bits.';

create table idempotent_answer (
    actor      text not null,
    key        text not null check (length(key) between 1 and 128),
    request    bytea not null,
    status     int not null,
    answer     text,
    created_at timestamptz not null default now(),
    primary key (actor, key)
);
create index idempotent_answer_created on idempotent_answer (created_at);

comment on table idempotent_answer is 'What creates with an Idempotency-Key were answered, for a day: the same request again gets the same answer.';
comment on column idempotent_answer.request is 'SHA-256 of method, path and body: another request may not use the key.';
comment on column idempotent_answer.answer is 'Null when the answer held a secret, which is shown once.';

create table audit_entry (
    no       bigint primary key check (no >= 1),
    at       timestamptz not null,
    actor    text not null,
    address  text not null,
    action   text not null,
    target   text not null,
    before   text,
    after    text,
    hash     bytea not null
);
create index audit_entry_target on audit_entry (target, no);

comment on table audit_entry is 'Every change by an administrator and every sign-in. Append-only; each row''s hash covers the row and the hash before it.';
comment on column audit_entry.no is '1, 2, 3 … without a hole.';
comment on column audit_entry.actor is 'administrator:NAME, token:ID, command:USER, or the name that was tried.';
comment on column audit_entry.target is 'Such as tenant/acme or session/psn_….';
comment on column audit_entry.before is 'What changed, as JSON, before the change; never a secret.';

create table audit_head (
    only_row boolean primary key default true check (only_row),
    no       bigint not null,
    hash     bytea not null
);
insert into audit_head (no, hash) values (0, ''::bytea);

comment on table audit_head is 'The last entry of the audit log. Its row is locked by whoever appends.';

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
end
$$;

create trigger audit_entry_append_only before update or delete on audit_entry
    for each row execute function refuse_audit_change();
create trigger audit_entry_no_truncate before truncate on audit_entry
    for each statement execute function refuse_audit_change();

-- Each field with its length before it, so that no two different rows have the same text.
create function audit_digest(previous bytea, e audit_entry) returns bytea language sql immutable as $$
    select sha256(previous || convert_to((
        select string_agg(coalesce(octet_length(field) || ':' || field, '-'), ',' order by place)
        from unnest(array[e.no::text, ((extract(epoch from e.at) * 1000000)::bigint)::text, e.actor, e.address, e.action,
                          e.target, e.before, e.after]) with ordinality as one (field, place)), 'UTF8'))
$$;

create function append_audit(of_actor text, of_address text, of_action text, of_target text, was text, is_now text)
    returns bigint language plpgsql as $$
declare
    head audit_head;
    entry audit_entry;
begin
    select * into strict head from audit_head for update;
    entry := row(head.no + 1, clock_timestamp(), of_actor, of_address, of_action, of_target, was, is_now, ''::bytea);
    entry.hash := audit_digest(head.hash, entry);
    insert into audit_entry select entry.*;
    update audit_head set no = entry.no, hash = entry.hash;
    return entry.no;
end
$$;

comment on function append_audit(text, text, text, text, text, text) is 'The one way into the audit log. Call it last in a transaction: others wait for its end.';

create function audit_problems(from_no bigint, to_no bigint) returns table (problem text) language sql stable as $$
    select case
            when previous_no is null and one.no > 1 then
                format('entries %s to %s are missing', greatest(1, from_no - 1), one.no - 1)
            when previous_no is not null and one.no <> previous_no + 1 then
                format('entries %s to %s are missing', previous_no + 1, one.no - 1)
            else format('entry %s is not the one that was written', one.no)
        end
    from (
        select e, e.no, e.hash, lag(e.no) over w as previous_no, lag(e.hash) over w as previous_hash
        from audit_entry as e where e.no between from_no - 1 and to_no
        window w as (order by e.no)) as one
    where (one.no >= from_no)
      and (coalesce(one.previous_no, 0) <> one.no - 1
           or one.hash <> audit_digest(coalesce(one.previous_hash, ''::bytea), one.e))
    order by one.no
$$;

comment on function audit_problems(bigint, bigint) is 'Where this piece of the audit log does not hold together; no row: it does.';

create function iso(at timestamptz) returns text language sql stable as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

comment on function iso(timestamptz) is 'A time as the admin API writes it.';

-- What the console asks over all tenants goes by time.
create index usage_entry_time on usage_entry using brin (event_time);
create index usage_entry_session on usage_entry (session_id, event_time);
