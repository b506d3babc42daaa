-- Sessions wait for a lost client, for as long as their tenant wants.

alter domain limit_name drop constraint limit_name_check;
alter domain limit_name add constraint limit_name_check check (value in (
    'sessions_max', 'subject_sessions_max', 'session_length_max_seconds', 'resume_window_seconds', 'output_tokens_max',
    'session_starts_per_minute', 'responses_per_minute', 'tokens_per_minute', 'audio_seconds_per_day',
    'subject_session_starts_per_minute', 'subject_responses_per_minute', 'subject_tokens_per_minute',
    'subject_audio_seconds_per_day'));

-- A client that comes back may meet another node than the one that has its session.
alter table live_session add column known_as text;
alter table live_session add column reached_at text;
create index live_session_known_as on live_session (known_as) where known_as is not null;

comment on table live_session is 'The sessions of all nodes that count now: a row is the permit of a session. Written by exchange_permits and end_node only, but for known_as and reached_at.';
comment on column live_session.known_as is 'The id that the client knows: the session.id of its session.created. Null until there is an upstream, and for sessions that cannot be resumed.';
comment on column live_session.reached_at is 'Where the other nodes reach the tenant plane of its node, for a client that comes back.';
