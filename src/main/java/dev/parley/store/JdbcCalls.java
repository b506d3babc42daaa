package dev.parley.store;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.parley.auth.Caller;
import dev.parley.auth.CallerJson;
import dev.parley.call.CallId;
import dev.parley.call.CallStore;
import dev.parley.call.LiveCall;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The calls in Postgres. Throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcCalls implements CallStore {
    private static final JsonMapper JSON = new JsonMapper();

    private final Database database;

    public JdbcCalls(Database database) {
        this.database = database;
    }

    @Override
    public boolean ring(CallId call, TenantId tenant, String account) {
        return changed("note a call that rings", """
                insert into call (id, tenant_id, account, state) values (?, ?, ?, 'ringing') on conflict do nothing
                """, call.value(), tenant.value(), account);
    }

    @Override
    public Optional<Known> find(CallId call, TenantId tenant) {
        return database.withConnection(
                "find a call",
                connection -> Sql.query(
                                connection,
                                "select account, caller from call where id = ? and tenant_id = ?",
                                row -> new Known(row.getString("account"), subject(row.getString("caller"))),
                                call.value(),
                                tenant.value())
                        .stream()
                        .findFirst());
    }

    @Override
    public boolean begin(LiveCall call, long epoch) {
        Caller caller = call.caller();
        return changed(
                "begin a call",
                """
                insert into call (id, tenant_id, account, state, caller, model_asked, model, epoch, started_at)
                values (?, ?, ?, 'live', ?, ?, ?, ?, ?)
                on conflict (id) do update
                set state = 'live', caller = excluded.caller, model_asked = excluded.model_asked, model = excluded.model,
                    epoch = excluded.epoch, started_at = excluded.started_at
                where call.state = 'ringing' and call.tenant_id = excluded.tenant_id and call.account = excluded.account
                """,
                call.id().value(),
                caller.tenant().value(),
                call.account(),
                CallerJson.of(caller).toString(),
                call.asked().value(),
                call.model().value(),
                epoch,
                call.startedAt().atOffset(ZoneOffset.UTC));
    }

    @Override
    public boolean release(CallId call, long epoch) {
        return database.inTransaction("release a call", connection -> {
            Sql.update(connection, "update call set epoch = null where id = ? and epoch = ?", call.value(), epoch);
            return !Sql.query(
                            connection,
                            "select 1 from node where ended_at is null and not draining and epoch <> ? limit 1",
                            _ -> true,
                            epoch)
                    .isEmpty();
        });
    }

    @Override
    public void end(CallId call) {
        changed("end a call", "delete from call where id = ?", call.value());
    }

    @Override
    public List<LiveCall> claim(long epoch, int max) {
        return database.inTransaction("look for calls that nobody serves", connection -> {
            Sql.update(
                    connection,
                    "delete from call where state = 'ringing' and created_at < clock_timestamp() - interval '10 minutes'");
            return Sql.query(connection, """
                    with free as (
                        select id from call
                        where state = 'live'
                          and not exists (select from node where node.epoch = call.epoch and ended_at is null)
                          and exists (select from node where node.epoch = ? and ended_at is null)
                        order by started_at limit ? for update skip locked)
                    update call set epoch = ? from free where call.id = free.id
                    returning call.id, account, caller, model_asked, model, started_at
                    """, JdbcCalls::live, epoch, max, epoch);
        });
    }

    private boolean changed(String doing, String sql, @Nullable Object... values) {
        return database.inTransaction(doing, connection -> Sql.update(connection, sql, values) == 1);
    }

    private static LiveCall live(ResultSet row) throws SQLException {
        return new LiveCall(
                new CallId(row.getString("id")),
                row.getString("account"),
                caller(row.getString("caller")),
                new ModelName(row.getString("model_asked")),
                new ModelName(row.getString("model")),
                row.getObject("started_at", OffsetDateTime.class).toInstant());
    }

    private static @Nullable SubjectId subject(@Nullable String caller) {
        return caller == null ? null : caller(caller).subject();
    }

    private static Caller caller(String json) {
        try {
            return CallerJson.read(JSON.readTree(json));
        } catch (JacksonException bug) {
            throw new IllegalStateException("a caller was written that cannot be read", bug);
        }
    }
}
