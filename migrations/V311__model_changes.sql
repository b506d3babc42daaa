alter table model add column generation bigint not null default 1;

comment on column model.generation is 'Counts the changes of a model, so that two operators cannot overwrite each other unseen.';
