package dev.parley.store;

import dev.parley.administration.Reports;
import dev.parley.administration.SettingsJson;
import dev.parley.tenancy.Settings;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the admin plane shows, straight from the tables: the names of the columns are the names of the fields. Blocks.
 * Thread-safe.
 */
public final class JdbcReports implements Reports {
    /** What has been spent of a window: of closed grants, and of those still held. */
    static final String SPENT = """
            b.spent + coalesce((select sum(g.settled) from budget_grant g where g.balance_id = b.id and g.state <> 'closed'), 0)
            """;

    private static final String TENANT = """
            select t.id, t.name, t.status, t.plan, settings_of(t.id, null) as own, settings_of(null, t.plan) as plans,
                   iso(t.tokens_valid_from) as tokens_valid_from, t.generation, iso(t.created_at) as created_at,
                   iso(t.updated_at) as updated_at,
                   (select count(*) from live_session s where s.tenant_id = t.id) as sessions,
                   (select json_build_object('budget', b.budget, 'spent_nano_usd', (%s)::text,
                                             'limit_nano_usd', b.limit_amount::text, 'window_end', iso(b.window_end))
                    from budget_balance b
                    where b.tenant_id = t.id and b.unit = 'money' and b.subject = '' and b.budget is not null
                      and b.window_start <= now() and (b.window_end is null or b.window_end > now())
                    order by (%s)::numeric / greatest(b.limit_amount, 1) desc limit 1) as burn
            from tenant t
            """.formatted(SPENT, SPENT);

    private static final String LIVE = """
            select session_id as id, tenant_id as tenant, subject, model, node, iso(started_at) as started_at
            from live_session
            """;

    private final Database database;

    public JdbcReports(Database database) {
        this.database = database;
    }

    @Override
    public JsonObject overview() {
        return rows("read the overview", """
                select (select count(*) from live_session) as sessions,
                       (select count(*) from tenant where status = 'active') as tenants,
                       iso(now()) as now,
                       (select json_agg(m order by m.minute) from (
                            select iso(minute) as minute, coalesce(u.cost, 0)::text as cost_nano_usd,
                                   coalesce(u.entries, 0) as entries, coalesce(e.errors, 0) as errors
                            from generate_series(date_trunc('minute', now()) - interval '59 minutes',
                                                 date_trunc('minute', now()), interval '1 minute') as minute
                            left join (select date_trunc('minute', event_time) as at, sum(cost_nano) as cost, count(*) as entries
                                       from usage_entry where event_time > now() - interval '1 hour'
                                          and period >= to_char(now() - interval '32 days', 'YYYYMM')::int group by 1) u on u.at = minute
                            left join (select date_trunc('minute', at) as at, count(*) as errors
                                       from session_error where at > now() - interval '1 hour' group by 1) e on e.at = minute
                       ) m) as minutes,
                       (select coalesce(json_agg(w), '[]') from (
                            select b.tenant_id as tenant, b.limit_key, (%s)::text as spent_nano_usd,
                                   b.limit_amount::text as limit_nano_usd, iso(b.window_end) as window_end
                            from budget_balance b
                            where b.unit = 'money' and b.subject = '' and b.window_start <= now()
                              and (b.window_end is null or b.window_end > now())
                              and (%s) >= 0.8 * b.limit_amount
                            order by (%s)::numeric / greatest(b.limit_amount, 1) desc limit 10) w) as budget_warnings,
                       (select coalesce(json_agg(x), '[]') from (
                            select tenant_id as tenant, count(*) as sessions from live_session group by 1 order by 2 desc limit 5) x)
                           as busiest
                """.formatted(SPENT, SPENT, SPENT)).getFirst();
    }

    @Override
    public List<JsonObject> liveSessions() {
        return rows("list live sessions", LIVE + "order by started_at, session_id");
    }

    @Override
    public List<JsonObject> liveSessions(Page page, @Nullable String tenant, @Nullable String search) {
        return rows(
                "list live sessions",
                LIVE + "where (?::text is null or session_id > ?) and (?::text is null or tenant_id = ?)"
                        + " and (?::text is null or subject ilike ? or starts_with(session_id, ?))"
                        + " order by session_id limit ?",
                page.after(),
                page.after(),
                tenant,
                tenant,
                search,
                like(search),
                search,
                page.limit());
    }

    @Override
    public Optional<JsonObject> session(String id) {
        return rows("read a session", """
                select ?::text as id, coalesce(l.tenant_id, u.tenant_id, e.tenant_id) as tenant,
                       coalesce(l.subject, u.subject, e.subject) as subject, coalesce(l.model, u.model) as model,
                       coalesce(l.node, u.node) as node, iso(coalesce(l.started_at, u.started_at, e.at)) as started_at,
                       l.session_id is not null as live, coalesce(u.cost, 0)::text as cost_nano_usd,
                       coalesce(u.entries, 0) as entries, u.account, u.upstream_session, coalesce(e.errors, 0) as errors
                from (select max(tenant_id) as tenant_id, max(subject) as subject, max(model_asked) as model, max(node) as node,
                             min(coalesce(reserved_at, event_time)) as started_at, sum(cost_nano) as cost, count(*) as entries,
                             max(account) as account, max(upstream_session) as upstream_session
                      from usage_entry where session_id = ? and event_time > now() - interval '32 days') u
                cross join (select max(tenant_id) as tenant_id, max(subject) as subject, min(at) as at, count(*) as errors
                            from session_error where session_id = ?) e
                left join live_session l on l.session_id = ?
                where coalesce(l.tenant_id, u.tenant_id, e.tenant_id) is not null
                """, id, id, id, id).stream().findFirst();
    }

    @Override
    public List<JsonObject> sessionUsage(String id, int most) {
        return rows("read a session's usage", """
                select reference, work, kind, status, model_resolved as model, iso(reserved_at) as reserved_at,
                       iso(event_time) as at, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                       text_out, audio_out, reasoning_out, millis, account, price_version, cost_nano::text as cost_nano_usd
                from usage_entry where session_id = ? and event_time > now() - interval '32 days'
                order by event_time limit ?
                """, id, most);
    }

    @Override
    public List<JsonObject> tenants(Page page, @Nullable String search) {
        return rows(
                        "list tenants",
                        TENANT + """
                where (?::text is null or t.id > ?) and (?::text is null or t.id ilike ? or t.name ilike ?)
                order by t.id limit ?
                """,
                        page.after(),
                        page.after(),
                        search,
                        like(search),
                        like(search),
                        page.limit())
                .stream()
                .map(JdbcReports::withSettings)
                .toList();
    }

    @Override
    public Optional<JsonObject> tenant(String id) {
        return rows("read a tenant", TENANT + "where t.id = ?", id).stream()
                .map(JdbcReports::withSettings)
                .findFirst();
    }

    @Override
    public List<JsonObject> plans() {
        return rows("list plans", """
                select id, name, settings_of(null, id) as said, generation, iso(created_at) as created_at,
                       iso(updated_at) as updated_at, (select count(*) from tenant where plan = p.id) as tenants
                from plan p order by id limit 1000
                """).stream()
                .map(row -> row.put("settings", SettingsJson.of(taken(row, "said"))))
                .toList();
    }

    @Override
    public List<JsonObject> budgets(String tenant) {
        return rows("read a tenant's budgets", """
                select b.limit_key, b.budget, b.subject, b.unit, b.hard, iso(b.window_start) as window_start, iso(b.window_end) as window_end,
                       (%s)::text as spent, b.limit_amount::text as limit_amount,
                       coalesce((select sum(g.reserved) from budget_grant g where g.balance_id = b.id and g.state = 'open'), 0)::text
                           as reserved
                from budget_balance b
                where b.tenant_id = ? and b.window_start <= now() and (b.window_end is null or b.window_end > now())
                order by b.subject, b.limit_key limit 200
                """.formatted(SPENT), tenant);
    }

    @Override
    public List<JsonObject> usage(UsageQuestion question) {
        List<@Nullable Object> values = new ArrayList<>(Arrays.asList(
                time(question.from()),
                time(question.to()),
                question.tenant(),
                question.tenant(),
                question.subject(),
                question.subject(),
                question.model(),
                question.model()));
        if (question.top() == 0) {
            return rows("report usage", UsageSums.statement(question, false), values.toArray());
        }
        List<@Nullable Object> asked = new ArrayList<>(values);
        asked.add(question.top());
        String[] dearest = rows("find what costs most", UsageSums.dearest(question), asked.toArray()).stream()
                .map(row -> row.getString("name"))
                .toArray(String[]::new);
        values.addFirst(dearest);
        return rows("report usage", UsageSums.statement(question, true), values.toArray());
    }

    @Override
    public JsonObject billing() {
        return rows("read the state of billing", """
                select (select coalesce(json_agg(p order by p.period desc), '[]') from (
                            select period, state, row_count as entries, cost_nano::text as cost_nano_usd, last_seal,
                                   iso(closed_at) as closed_at,
                                   (select count(*) from late_entry l where l.period = months.period) as late,
                                   case when state = 'open' then array(select obstacle from period_obstacles(months.period))
                                        else '{}' end as obstacles
                            from billing.period as months
                            where period <= to_char(now() at time zone 'UTC', 'YYYYMM')::int order by period desc limit 36) p) as periods,
                       (select json_build_object('last', coalesce(max(seal_no), 0), 'sealed_at', iso(max(sealed_at)))
                        from ledger_seal) as seals,
                       (select coalesce(json_agg(c order by c.consumer), '[]') from (
                            select consumer, seal_no as seal, iso(moved_at) as moved_at,
                                   (select count(*) from ledger_seal s where s.seal_no > c.seal_no) as behind
                            from consumer_cursor as c order by consumer limit 100) c) as consumers,
                       (select coalesce(json_agg(a), '[]') from (
                            select iso(event_time) as at, tenant_id as tenant, work, model_resolved as model, account, reference,
                                   cost_nano::text as cost_nano_usd
                            from usage_entry where kind = 'adjustment' order by event_time desc limit 100) a) as corrections,
                       (select coalesce(json_agg(o), '[]') from (
                            select tenant_id as tenant, limit_key, subject, unit, node, burned::text as amount,
                                   iso(since) as since, iso(until) as until
                            from orphaned_grant order by since desc limit 100) o) as burned
                """).getFirst();
    }

    @Override
    public List<JsonObject> errorGroups(Instant from, Instant to, @Nullable String tenant) {
        return rows(
                "group errors",
                """
                with parts as (
                    select code, origin, width_bucket(extract(epoch from at)::float8, extract(epoch from ?::timestamptz)::float8,
                                                      extract(epoch from ?::timestamptz)::float8, 24) as part, count(*) as n
                    from session_error where at >= ? and at < ? and (?::text is null or tenant_id = ?) group by 1, 2, 3),
                whole as (
                    select code, origin, count(*) as errors, count(distinct tenant_id) as tenants,
                           count(distinct session_id) as sessions, iso(min(at)) as first_at, iso(max(at)) as last_at,
                           (array_agg(detail order by at desc))[1] as last_detail
                    from session_error where at >= ? and at < ? and (?::text is null or tenant_id = ?) group by 1, 2)
                select w.*, array(
                    select coalesce((select p.n from parts p
                                     where p.code = w.code and p.origin = w.origin and p.part = s.i), 0)
                    from generate_series(1, 24) as s(i) order by s.i) as trend
                from whole w order by w.errors desc, w.code limit 200
                """,
                time(from),
                time(to),
                time(from),
                time(to),
                tenant,
                tenant,
                time(from),
                time(to),
                tenant,
                tenant);
    }

    @Override
    public List<JsonObject> errors(Page page, Filter filter) {
        return rows(
                "list errors",
                """
                select id, tenant_id as tenant, subject, session_id as session, origin, code, detail, close_code, iso(at) as at
                from session_error
                where (?::bigint is null or id < ?::bigint) and (?::text is null or code = ?)
                  and (?::text is null or tenant_id = ?) and (?::text is null or session_id = ?)
                order by id desc limit ?
                """,
                number(page.after()),
                number(page.after()),
                filter.code(),
                filter.code(),
                filter.tenant(),
                filter.tenant(),
                filter.session(),
                filter.session(),
                page.limit());
    }

    @Override
    public List<JsonObject> nodes() {
        return rows("list nodes", """
                select name, n.epoch, iso(n.started_at) as started_at, address, version, iso(ended_at) as ended_at,
                       case when ended_at is not null then end_reason when draining then 'draining' else 'serving' end as state,
                       (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::bigint as heartbeat_age_millis,
                       (select count(*) from live_session s where s.epoch = n.epoch) as sessions
                from node n
                where ended_at is null or ended_at > now() - interval '1 day'
                order by ended_at is not null, name, n.epoch desc limit 500
                """);
    }

    @Override
    public List<JsonObject> models() {
        return rows("list models", """
                select m.name, m.kind, m.context_tokens_max, m.output_tokens_max, iso(m.shutdown_at) as shutdown_at, m.generation,
                       (select json_agg(p order by p.version) from (
                            select version, iso(valid_from) as valid_from, text_in_nano, text_cached_nano, text_out_nano,
                                   audio_in_nano, audio_cached_nano, audio_out_nano, image_in_nano, image_cached_nano,
                                   minute_nano,
                                   valid_from <= now() and not exists (
                                       select from price later where later.model = m.name and later.valid_from <= now()
                                          and later.valid_from > price.valid_from) as in_force
                            from price where price.model = m.name) p) as prices
                from model m order by m.kind, m.name
                """);
    }

    @Override
    public List<JsonObject> audit(Page page, @Nullable String target, @Nullable String actor) {
        return rows(
                "read the audit log",
                """
                select no, iso(at) as at, actor, address, action, target, before::json as before, after::json as after,
                       encode(hash, 'hex') as hash
                from audit_entry
                where (?::bigint is null or no < ?::bigint) and (?::text is null or starts_with(target, ?))
                  and (?::text is null or actor ilike ?)
                order by no desc limit ?
                """,
                number(page.after()),
                number(page.after()),
                target,
                target,
                actor,
                like(actor),
                page.limit());
    }

    /** What is said of the tenant itself, and what holds. */
    private static JsonObject withSettings(JsonObject row) {
        Settings own = taken(row, "own");
        Settings plans = taken(row, "plans");
        return row.put("own", SettingsJson.of(own))
                .put("settings", SettingsJson.of(own.over(plans).over(Settings.STANDARD)));
    }

    private static Settings taken(JsonObject row, String field) {
        JsonObject said = row.getJsonObject(field);
        row.remove(field);
        return StoredSettings.read(said.encode());
    }

    private List<JsonObject> rows(String doing, String sql, @Nullable Object... values) {
        return database.withConnection(
                doing,
                connection -> Sql.query(
                        connection,
                        "select row_to_json(one)::text from (" + sql + ") as one",
                        row -> new JsonObject(row.getString(1)),
                        values));
    }

    private static @Nullable String like(@Nullable String search) {
        return search == null
                ? null
                : "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    }

    private static @Nullable Long number(@Nullable String cursor) {
        return cursor == null ? null : Long.valueOf(cursor);
    }

    private static OffsetDateTime time(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
