alter table administrator add column subject text unique check (length(subject) <= 1024);

comment on column administrator.subject is 'Issuer and subject at the OpenID provider, for who signs in there; null for a local administrator.';
