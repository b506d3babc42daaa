package dev.parley.store;

import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.Permission;
import dev.parley.administration.Role;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tokens of the admin API in Postgres. Blocks. Thread-safe. */
public final class JdbcApiTokens implements ApiTokenStore {
    private static final String SELECT = """
            select t.id, t.name, t.permissions, t.created_by, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
                   a.id as administrator_id, a.name as administrator, a.role, a.disabled
            from api_token t left join administrator a on a.id = t.administrator_id
            """;

    private final Database database;

    public JdbcApiTokens(Database database) {
        this.database = database;
    }

    @Override
    public Optional<Instant> add(NewToken token, byte[] digest) {
        String[] scopes =
                token.permissions().stream().map(Permission::scope).sorted().toArray(String[]::new);
        return database.inTransaction("make an API token", connection -> {
            lock(connection);
            return Sql.query(
                            connection,
                            """
                            insert into api_token
                                (id, name, digest, permissions, created_by, administrator_id, expires_at)
                            select ?, ?, ?, ?, one.maker, ?, least(now() + make_interval(secs => ?), made_by.expires_at)
                            from (values (?::text)) as one (maker)
                            left join api_token made_by on one.maker = 'token:' || made_by.id
                            where made_by.id is null or (made_by.revoked_at is null and made_by.expires_at > now())
                            returning expires_at
                            """,
                            row -> instant(row, "expires_at"),
                            token.id(),
                            token.name(),
                            digest,
                            scopes,
                            token.administrator(),
                            (double) token.lifetime().toSeconds(),
                            token.createdBy())
                    .stream()
                    .findFirst();
        });
    }

    @Override
    public Optional<ApiToken> use(byte[] digest) {
        Optional<ApiToken> token = tokens(
                        "where t.digest = ? and t.revoked_at is null and t.expires_at > now() and not a.disabled",
                        digest)
                .stream()
                .findFirst();
        token.ifPresent(found -> database.withConnection(
                "note an API token's use",
                connection -> Sql.update(
                        connection,
                        "update api_token set last_used_at = now()"
                                + " where id = ? and (last_used_at is null or last_used_at < now() - interval '1 minute')",
                        found.id())));
        return token;
    }

    @Override
    public List<ApiToken> list() {
        return tokens("where least(t.expires_at, coalesce(t.revoked_at, t.expires_at)) > now() - interval '30 days'"
                + " order by t.created_at desc");
    }

    @Override
    public List<ApiToken> revoke(String id) {
        return revokeThose("""
                with recursive ended (id) as (
                    select id from api_token where id = ? and revoked_at is null
                    union
                    select t.id from api_token t join ended e on t.created_by = 'token:' || e.id)
                update api_token set revoked_at = now() where revoked_at is null and id in (select id from ended)
                returning id
                """, id);
    }

    @Override
    public List<ApiToken> revokeAllOf(long administrator) {
        return revokeThose(
                "update api_token set revoked_at = now() where revoked_at is null and administrator_id = ? returning id",
                administrator);
    }

    private List<ApiToken> revokeThose(String sql, Object whose) {
        return database.inTransaction("revoke API tokens", connection -> {
            lock(connection);
            String[] ended = Sql.query(connection, sql, row -> row.getString("id"), whose)
                    .toArray(String[]::new);
            return tokens("where t.id = any (?) order by t.created_at", (Object) ended);
        });
    }

    /** One at a time: no token is made with one that is being revoked. */
    private static void lock(Connection connection) throws SQLException {
        Sql.query(connection, "select pg_advisory_xact_lock(hashtext('api_tokens'))", _ -> true);
    }

    private List<ApiToken> tokens(String where, @Nullable Object... values) {
        return database.withConnection(
                "read API tokens", connection -> Sql.query(connection, SELECT + where, JdbcApiTokens::token, values));
    }

    private static ApiToken token(ResultSet rows) throws SQLException {
        Set<Permission> permissions = Stream.of(
                        (String[]) rows.getArray("permissions").getArray())
                .flatMap(scope -> Permission.of(scope).stream())
                .collect(Collectors.toSet());
        return new ApiToken(
                rows.getString("id"),
                rows.getString("name"),
                permissions,
                rows.getString("created_by"),
                backer(rows),
                instant(rows, "created_at"),
                instant(rows, "expires_at"),
                Sql.instantOrNull(rows, "last_used_at"),
                Sql.instantOrNull(rows, "revoked_at"));
    }

    private static @Nullable Backer backer(ResultSet rows) throws SQLException {
        String name = rows.getString("administrator");
        return name == null
                ? null
                : new Backer(
                        rows.getLong("administrator_id"),
                        name,
                        Role.of(rows.getString("role")),
                        rows.getBoolean("disabled"));
    }

    private static Instant instant(ResultSet rows, String column) throws SQLException {
        return rows.getObject(column, OffsetDateTime.class).toInstant();
    }
}
