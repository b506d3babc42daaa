alter table upstream_account
    add column drained boolean not null default false,
    add column generation bigint not null default 1;

comment on column upstream_account.drained is 'Gets no new sessions; those that run go on.';
comment on column upstream_account.generation is 'Counts the changes of the row: the ETag of the admin API.';
