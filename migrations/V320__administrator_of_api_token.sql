alter table api_token add column administrator_id bigint references administrator (id) on delete set null;

comment on column api_token.administrator_id is 'Who answers for it: who made it, or the token that made it. It can do no more than they can now; without them, nothing.';
comment on column api_token.created_by is 'Who made it, as the audit log names them: administrator:NAME or token:ID.';

-- A name can have changed hands since: whoever has it now and is younger than the token has not made it.
with recursive maker (token, administrator_id, expires_at, revoked_at) as (
    select t.id, a.id, t.expires_at, t.revoked_at
    from api_token t join administrator a on t.created_by = 'administrator:' || a.name and a.created_at <= t.created_at
    union all
    select t.id, m.administrator_id, least(t.expires_at, m.expires_at), least(t.revoked_at, m.revoked_at)
    from api_token t join maker m on t.created_by = 'token:' || m.token)
update api_token t
set administrator_id = m.administrator_id, expires_at = m.expires_at, revoked_at = m.revoked_at
from maker m where m.token = t.id;
