create table tenant (
    id                         text primary key check (id ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name                       text not null check (length(name) between 1 and 255),
    status                     text not null default 'active' check (status in ('active', 'suspended')),
    sessions_max               int not null check (sessions_max >= 0),
    budget_nano                bigint not null check (budget_nano >= 0),
    budget_period              text not null check (budget_period in ('hour', 'day', 'month', 'total')),
    output_tokens_max          int not null check (output_tokens_max >= 1),
    session_length_max_seconds bigint not null check (session_length_max_seconds >= 1),
    close_on_exhausted         boolean not null default false,
    tokens_valid_from          timestamptz not null default '1970-01-01 00:00+00',
    generation                 bigint not null default 1,
    created_at                 timestamptz not null default now(),
    updated_at                 timestamptz not null default now()
);

comment on table tenant is 'A customer of the broker, with its limits. A suspended tenant keeps its row and its ledger.';
comment on column tenant.id is 'The tenant''s name everywhere: token claim, API path, log, ledger.';
comment on column tenant.sessions_max is 'Sessions at once.';
comment on column tenant.budget_nano is 'The hard budget of one budget_period, in nano-dollars (10^-9 USD).';
comment on column tenant.budget_period is 'When the budget renews; hours, days and months are UTC.';
comment on column tenant.output_tokens_max is 'The most output tokens that one response may ask for.';
comment on column tenant.close_on_exhausted is 'Whether an exhausted budget ends the session, or only refuses the response.';
comment on column tenant.tokens_valid_from is 'Tokens issued before this moment are revoked.';
comment on column tenant.generation is 'Counts the changes of this row; nodes see by it that they hold an old one.';

create table tenant_model (
    tenant_id text not null references tenant (id) on delete cascade,
    model     text not null,
    primary key (tenant_id, model)
);

comment on table tenant_model is 'The tenant''s allow-list of models; no rows: every model of the catalogue.';
