alter table client_secret add column made_by text;
alter table client_secret add column made_with text;
-- Those that are there live two hours at most; who made them is not known, so they go.
delete from client_secret;
alter table client_secret alter column made_by set not null;

comment on column client_secret.made_by is 'The issuer of the token that asked for it: when the tenant no longer has it, the secret is nothing.';
comment on column client_secret.made_with is 'The id (jti) of that token: when it is revoked, so is the secret. Null: the token had none.';
