create table session_error (
    id         bigint generated always as identity primary key,
    tenant_id  text not null,
    subject    text,
    session_id text,
    origin     text not null check (origin in ('client', 'upstream', 'broker')),
    code       text not null,
    detail     text not null,
    close_code int,
    at         timestamptz not null
);

create index session_error_tenant on session_error (tenant_id, at);
create index session_error_at on session_error (at);

comment on table session_error is 'What went wrong in sessions, for operators; kept for 30 days.';
comment on column session_error.origin is 'Who failed: client, upstream or broker.';
comment on column session_error.detail is 'For operators; never conversation text, tokens or keys.';
comment on column session_error.close_code is 'The close code that the client was given, if it was closed.';
