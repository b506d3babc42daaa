alter table model drop constraint model_kind_check,
    add constraint model_kind_check check (kind in ('conversation', 'transcription', 'translation'));
comment on column model.kind is 'conversation: ?model= of /v1/realtime; transcription: audio.input.transcription.model; translation: ?model= of /v1/realtime/translations, billed by time.';

alter table usage_entry drop constraint usage_entry_work_check,
    add constraint usage_entry_work_check check (work in ('response', 'transcription', 'translation'));
comment on table usage_entry is 'The ledger: one row for what one response, one transcription or one stretch of a translation used and cost. Rows are never changed; a correction is a new row of kind adjustment.';
comment on column usage_entry.reference is 'The provider''s resp_ id; for a transcription the item_ id, a slash, and the index of the content; for a translation audio_ and the number of the stretch in its session, from 1.';
comment on column usage_entry.kind is 'usage: as reported by the provider, or counted by the broker where the provider bills by what it is sent; estimated: the provider did not report, computed from what is known; adjustment: corrects another row.';

alter table client_secret drop constraint client_secret_kind_check,
    add constraint client_secret_kind_check check (kind in ('conversation', 'transcription', 'translation')),
    drop constraint client_secret_check,
    add constraint client_secret_model_check check (kind = 'transcription' or model is not null);

insert into model (name, kind, context_tokens_max, output_tokens_max) values ('gpt-realtime-translate', 'translation', 0, 0)
on conflict do nothing;

-- $0.034 a minute. A catalogue that has the model and prices of it already keeps them.
insert into price (model, version, valid_from, minute_nano)
select name, 1, '2024-10-01 00:00+00', 34000000 from model
where name = 'gpt-realtime-translate' and kind = 'translation'
  and not exists (select from price where price.model = model.name);
