create table call_address (
    address   text primary key check (address = lower(address) and length(address) <= 255
                                      and address ~ '^[^[:space:]@<>;"]+(@[^[:space:]@<>;"]+)?$'),
    tenant_id text not null references tenant (id) on delete cascade
);
create index call_address_tenant on call_address (tenant_id);

comment on table call_address is 'Whose calls by SIP are: the tenant of the address in their To header.';
comment on column call_address.address is 'A number such as +49301234567, or a user with a host such as sales@sip.example.';
select protect_tenant_rows('call_address', null);

create table provider_webhook_secret (
    account text primary key,
    secret  bytea not null,
    version int not null default 1
);

comment on table provider_webhook_secret is 'What providers sign their webhooks with, for each upstream account, of the settings or of upstream_account.';
comment on column provider_webhook_secret.secret is 'Encrypted for this row.';
comment on column provider_webhook_secret.version is 'Part of what the secret is bound to: an older secret does not open in its place.';

create table provider_webhook (
    account     text not null,
    webhook_id  text not null check (length(webhook_id) <= 255),
    received_at timestamptz not null default clock_timestamp(),
    primary key (account, webhook_id)
);
create index provider_webhook_received on provider_webhook (received_at);

comment on table provider_webhook is 'Webhooks of providers that were taken of late: none is taken twice. Older ones are refused for their age.';
