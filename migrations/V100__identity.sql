-- One row. Every change of identity takes the next number under this row's lock, so that numbers become visible in their
-- order, and a node that has read up to one number finds all that is new above it.
create table identity_version (
    only_row boolean primary key default true check (only_row),
    version  bigint not null
);
insert into identity_version (version) values (0);

comment on table identity_version is 'Counts the changes of token_issuer and revoked_token; nodes poll it.';

create table token_issuer (
    name           text primary key check (length(name) between 1 and 512 and name <> 'parley'),
    tenant_id      text not null references tenant (id) on delete cascade,
    source         text not null check (source in ('hs256', 'key', 'jwks')),
    algorithms     text[] not null,
    secret         bytea,
    secret_version int not null default 1,
    public_key     text,
    jwks_url       text,
    created_at     timestamptz not null default now(),
    removed_at     timestamptz,
    version        bigint not null,
    check (removed_at is not null or (source = 'hs256') = (secret is not null)),
    check ((source = 'key') = (public_key is not null)),
    check ((source = 'jwks') = (jwks_url is not null))
);
create index token_issuer_version on token_issuer (version);
create index token_issuer_tenant on token_issuer (tenant_id);

comment on table token_issuer is 'Who may sign tokens for a tenant. A name belongs to one tenant, so that it alone tells the tenant.';
comment on column token_issuer.name is 'The tokens'' iss.';
comment on column token_issuer.algorithms is 'The algorithms that the issuer is pinned to.';
comment on column token_issuer.secret is 'The HS256 secret, encrypted for this row; gone when the issuer is removed.';
comment on column token_issuer.secret_version is 'Part of what the secret is bound to: an older secret does not open in its place.';
comment on column token_issuer.removed_at is 'Set when the issuer was removed; the row stays so that nodes hear of it.';
comment on column token_issuer.version is 'The number of the row''s last change, see identity_version.';

create table revoked_token (
    tenant_id  text not null references tenant (id) on delete cascade,
    token_id   text not null check (length(token_id) between 1 and 255),
    expires_at timestamptz not null,
    revoked_at timestamptz not null default now(),
    version    bigint not null,
    primary key (tenant_id, token_id)
);
create index revoked_token_version on revoked_token (version);

comment on table revoked_token is 'Tokens taken back before their expiry.';
comment on column revoked_token.token_id is 'The token''s jti.';
comment on column revoked_token.expires_at is 'When the row has served: the token has expired by then.';

create table broker_key (
    id         text primary key,
    secret     bytea not null,
    created_at timestamptz not null default now()
);

comment on table broker_key is 'Keys of the broker''s own tokens, encrypted for their row.';
