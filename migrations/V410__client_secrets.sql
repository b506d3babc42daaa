create table client_secret (
    id                text primary key,
    hash              bytea not null unique check (length(hash) = 32),
    tenant_id         text not null references tenant (id) on delete cascade,
    subject           text not null,
    kind              text not null check (kind in ('conversation', 'transcription')),
    model             text,
    session           text not null check (length(session) <= 262144),
    fixed             text[] not null,
    single_use        boolean not null,
    models            text[],
    output_tokens_max int check (output_tokens_max >= 1),
    created_at        timestamptz not null,
    expires_at        timestamptz not null,
    used_at           timestamptz,
    check ((kind = 'conversation') <= (model is not null))
);
create index client_secret_tenant on client_secret (tenant_id, subject, expires_at);

comment on table client_secret is 'Secrets (ek_…) by which clients start sessions that their tenant has set up. Old rows go when new ones come.';
comment on column client_secret.hash is 'SHA-256 of the secret, which has 256 random bits; the secret itself is nowhere.';
comment on column client_secret.model is 'The one that the session is on: resolved, as it is priced.';
comment on column client_secret.session is 'Settings that the session begins with: JSON, as of session.update in GA.';
comment on column client_secret.fixed is 'Settings that its client cannot change: dotted names such as audio.output.voice, or * for all.';
comment on column client_secret.models is 'What the token allowed that asked for the secret; null: all.';
comment on column client_secret.used_at is 'When a session was last started with it; of a single-use one, its end.';

create table tenant_origin (
    tenant_id text not null references tenant (id) on delete cascade,
    origin    text not null check (origin ~ '^https?://[^/?#@ ]+$' and length(origin) <= 255),
    primary key (tenant_id, origin)
);

comment on table tenant_origin is 'From which pages browsers may use a tenant''s tokens and secrets. No rows: sockets from all, HTTP requests from none.';

select protect_tenant_rows(one::regclass, null) from unnest(array['client_secret', 'tenant_origin']) as one;
