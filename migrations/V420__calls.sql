create table call (
    id          text primary key check (length(id) between 1 and 128),
    tenant_id   text not null references tenant (id) on delete cascade,
    account     text not null,
    state       text not null check (state in ('ringing', 'live')),
    caller      text check (length(caller) <= 1048576),
    model_asked text,
    model       text,
    epoch       bigint,
    created_at  timestamptz not null default clock_timestamp(),
    started_at  timestamptz,
    check ((state = 'live') = (num_nonnulls(caller, model_asked, model, started_at) = 4)),
    check (state = 'live' or epoch is null)
);
create index call_epoch on call (epoch) where state = 'live';
create index call_ringing on call (created_at) where state = 'ringing';

comment on table call is 'Calls by WebRTC and SIP that are not over. A row goes when its call has ended.';
comment on column call.id is 'The provider''s id, by which tenants know it too.';
comment on column call.account is 'The upstream account that it is on.';
comment on column call.state is 'ringing: by SIP, and nobody has accepted it.';
comment on column call.caller is 'Whose token has begun it, as JSON; the token itself is nowhere.';
comment on column call.epoch is 'The node''s epoch that serves it; of none, or of one that has ended: any node may take it over.';
comment on column call.started_at is 'From here on its length is counted.';
select protect_tenant_rows('call', null);
