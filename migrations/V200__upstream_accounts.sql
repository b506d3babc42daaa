create table upstream_account (
    name           text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    profile        text not null check (profile in ('openai', 'azure', 'compatible')),
    url            text not null check (url ~ '^wss?://'),
    secret         bytea,
    secret_version int not null default 1,
    organization   text check (length(organization) between 1 and 128),
    project        text check (length(project) between 1 and 128),
    models         text not null default '',
    weight         int not null default 1 check (weight between 1 and 1000),
    sessions_max   int not null default 5000 check (sessions_max between 1 and 1000000),
    created_at     timestamptz not null default now(),
    changed_at     timestamptz not null default now()
);

comment on table upstream_account is 'Provider credentials beside those of the settings; nodes read all of them every other second.';
comment on column upstream_account.secret is 'The API key, encrypted for this row; null for a provider that wants none.';
comment on column upstream_account.secret_version is 'Part of what the secret is bound to: an older secret does not open in its place.';
comment on column upstream_account.models is 'As in the settings: gpt-realtime, gpt-realtime-mini=my-deployment, transcription; empty serves all.';
comment on column upstream_account.sessions_max is 'Upstream sessions at once, of each node.';

create table upstream_reopening (
    account   text primary key,
    times     bigint not null,
    last_time timestamptz not null default now()
);

comment on table upstream_reopening is 'How often operators had an account tried again that its provider had refused; nodes act when the number changes.';
comment on column upstream_reopening.account is 'An account of the settings or of upstream_account.';
