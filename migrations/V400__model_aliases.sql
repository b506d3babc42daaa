create table model_alias (
    alias text primary key check (length(alias) between 1 and 128),
    model text not null references model (name) check (model <> alias)
);

comment on table model_alias is 'Other names of models. A name here goes before a model of the same name; what it stands for is sent upstream and priced, and both are recorded.';
comment on column model_alias.alias is 'What clients say.';
comment on column model_alias.model is 'What it stands for: a name of the catalogue, not an alias.';

-- The family that the provider has shut down goes on as models of the same context without a shutdown date.
insert into model_alias (alias, model) values
    ('gpt-4o-realtime-preview',                 'gpt-realtime-1.5'),
    ('gpt-4o-realtime-preview-2024-10-01',      'gpt-realtime-1.5'),
    ('gpt-4o-realtime-preview-2024-12-17',      'gpt-realtime-1.5'),
    ('gpt-4o-realtime-preview-2025-06-03',      'gpt-realtime-1.5'),
    ('gpt-4o-mini-realtime-preview',            'gpt-realtime-2.1-mini'),
    ('gpt-4o-mini-realtime-preview-2024-12-17', 'gpt-realtime-2.1-mini');
