create table model (
    name               text primary key check (length(name) between 1 and 128),
    kind               text not null check (kind in ('conversation', 'transcription')),
    context_tokens_max bigint not null check (context_tokens_max >= 0),
    output_tokens_max  int not null check (output_tokens_max >= 0),
    shutdown_at        timestamptz
);

comment on table model is 'The catalogue: models that the provider serves, or has served.';
comment on column model.kind is 'conversation: ?model= of the URL; transcription: audio.input.transcription.model.';
comment on column model.context_tokens_max is 'The most input tokens that one response can be billed for.';
comment on column model.output_tokens_max is 'The largest max_output_tokens that the provider takes; 0 when the model is billed by time.';
comment on column model.shutdown_at is 'From this moment the provider refuses the model.';

create table price (
    model                text not null references model (name),
    version              int not null check (version >= 1),
    valid_from           timestamptz not null,
    text_in_nano         bigint not null default 0 check (text_in_nano >= 0),
    text_cached_nano     bigint not null default 0 check (text_cached_nano >= 0),
    text_out_nano        bigint not null default 0 check (text_out_nano >= 0),
    audio_in_nano        bigint not null default 0 check (audio_in_nano >= 0),
    audio_cached_nano    bigint not null default 0 check (audio_cached_nano >= 0),
    audio_out_nano       bigint not null default 0 check (audio_out_nano >= 0),
    image_in_nano        bigint not null default 0 check (image_in_nano >= 0),
    image_cached_nano    bigint not null default 0 check (image_cached_nano >= 0),
    minute_nano          bigint not null default 0 check (minute_nano >= 0),
    primary key (model, version),
    unique (model, valid_from),
    -- Billed by time or by token, never both, and never free.
    check ((minute_nano > 0) <> (text_in_nano > 0 and text_out_nano > 0))
);

comment on table price is 'The price book: nano-dollars per token and class, or per minute of audio. A row is never changed; a new price is a new version. A class that the provider does not sell costs as much as the dearest of its direction.';
comment on column price.version is 'Recorded with each usage entry: (model, version) tells what an entry was computed with.';
comment on column price.valid_from is 'In force from this moment until the next version''s.';

-- Prices of November 2026, in nano-dollars per token: $1 per million tokens is 1000.
insert into model (name, kind, context_tokens_max, output_tokens_max, shutdown_at) values
    ('gpt-realtime-2.1',                        'conversation',  131072, 4096, null),
    ('gpt-realtime-2',                          'conversation',  131072, 4096, null),
    ('gpt-realtime-2.1-mini',                   'conversation',  131072, 4096, null),
    ('gpt-realtime-1.5',                        'conversation',   32768, 4096, null),
    ('gpt-realtime',                            'conversation',   32768, 4096, '2027-01-20 00:00+00'),
    ('gpt-realtime-2025-08-28',                 'conversation',   32768, 4096, '2027-01-20 00:00+00'),
    ('gpt-realtime-mini',                       'conversation',   32768, 4096, '2027-01-20 00:00+00'),
    ('gpt-realtime-mini-2025-10-06',            'conversation',   32768, 4096, null),
    ('gpt-realtime-mini-2025-12-15',            'conversation',   32768, 4096, '2027-01-20 00:00+00'),
    ('gpt-4o-realtime-preview',                 'conversation',   32768, 4096, '2026-05-12 00:00+00'),
    ('gpt-4o-realtime-preview-2024-10-01',      'conversation',   32768, 4096, '2026-05-12 00:00+00'),
    ('gpt-4o-realtime-preview-2024-12-17',      'conversation',   32768, 4096, '2026-05-12 00:00+00'),
    ('gpt-4o-realtime-preview-2025-06-03',      'conversation',   32768, 4096, '2026-05-12 00:00+00'),
    ('gpt-4o-mini-realtime-preview',            'conversation',   16384, 4096, '2026-05-12 00:00+00'),
    ('gpt-4o-mini-realtime-preview-2024-12-17', 'conversation',   16384, 4096, '2026-05-12 00:00+00'),
    ('gpt-live-transcribe',                     'transcription',      0,    0, null),
    ('gpt-realtime-whisper',                    'transcription',      0,    0, null),
    ('gpt-transcribe',                          'transcription',      0,    0, null),
    ('whisper-1',                               'transcription',      0,    0, '2027-02-26 00:00+00'),
    ('gpt-4o-transcribe',                       'transcription',  16384, 2048, '2027-02-26 00:00+00'),
    ('gpt-4o-transcribe-diarize',               'transcription',  16384, 2048, '2027-02-26 00:00+00'),
    ('gpt-4o-mini-transcribe',                  'transcription',  16384, 2048, '2027-02-26 00:00+00'),
    ('gpt-4o-mini-transcribe-2025-12-15',       'transcription',  16384, 2048, '2027-02-26 00:00+00');

insert into price (model, version, valid_from,
                   text_in_nano, text_cached_nano, text_out_nano,
                   audio_in_nano, audio_cached_nano, audio_out_nano,
                   image_in_nano, image_cached_nano)
select name, 1, timestamptz '2024-10-01 00:00+00', p.*
from (values
    ('^gpt-realtime-2(\.1)?$',                              4000,  400, 24000, 32000,  400, 64000,  5000,   500),
    ('^gpt-realtime-2\.1-mini$',                             600,   60,  2400, 10000,  300, 20000,   800,    80),
    ('^gpt-realtime(-1\.5|-2025-08-28)?$',                  4000,  400, 16000, 32000,  400, 64000,  5000,   500),
    ('^gpt-realtime-mini(-2025-10-06|-2025-12-15)?$',        600,   60,  2400, 10000,  300, 20000,   800,    80),
    ('^gpt-4o-realtime-preview(-20[0-9-]+)?$',              5000, 2500, 20000, 40000, 2500, 80000, 40000, 40000),
    ('^gpt-4o-mini-realtime-preview(-20[0-9-]+)?$',          600,  300,  2400, 10000,  300, 20000, 10000, 10000),
    ('^gpt-4o-transcribe(-diarize)?$',                      2500, 2500, 10000,  6000, 6000, 10000,  6000,  6000),
    ('^gpt-4o-mini-transcribe(-2025-12-15)?$',              1250, 1250,  5000,  3000, 3000,  5000,  3000,  3000)
) as seed(pattern, text_in, text_cached, text_out, audio_in, audio_cached, audio_out, image_in, image_cached)
join model on model.name ~ seed.pattern
cross join lateral (values (text_in, text_cached, text_out, audio_in, audio_cached, audio_out, image_in, image_cached)) as p;

insert into price (model, version, valid_from, minute_nano) values
    ('gpt-live-transcribe',  1, '2024-10-01 00:00+00', 17000000),
    ('gpt-realtime-whisper', 1, '2024-10-01 00:00+00', 17000000),
    ('gpt-transcribe',       1, '2024-10-01 00:00+00',  4500000),
    ('whisper-1',            1, '2024-10-01 00:00+00',  6000000);

alter table tenant_model add foreign key (model) references model (name);
