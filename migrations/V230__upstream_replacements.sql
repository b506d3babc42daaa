-- Sessions go on with another upstream session, as often as their tenant wants.

alter domain limit_name drop constraint limit_name_check;
alter domain limit_name add constraint limit_name_check check (value in (
    'sessions_max', 'subject_sessions_max', 'session_length_max_seconds', 'resume_window_seconds',
    'upstream_replacements_max', 'output_tokens_max', 'session_starts_per_minute', 'responses_per_minute',
    'tokens_per_minute', 'audio_seconds_per_day', 'subject_session_starts_per_minute', 'subject_responses_per_minute',
    'subject_tokens_per_minute', 'subject_audio_seconds_per_day'));
