package dev.parley.store;

import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.Permission;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
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
    private static final String COLUMNS =
            "id, name, permissions, created_by, created_at, expires_at, last_used_at, revoked_at";

    private final Database database;

    public JdbcApiTokens(Database database) {
        this.database = database;
    }

    @Override
    public void add(
            String id, String name, byte[] digest, Set<Permission> permissions, String createdBy, Duration lifetime) {
        String[] scopes = permissions.stream().map(Permission::scope).sorted().toArray(String[]::new);
        database.withConnection(
                "make an API token",
                connection -> Sql.update(
                        connection,
                        "insert into api_token (id, name, digest, permissions, created_by, expires_at)"
                                + " values (?, ?, ?, ?, ?, now() + make_interval(secs => ?))",
                        id,
                        name,
                        digest,
                        scopes,
                        createdBy,
                        (double) lifetime.toSeconds()));
    }

    @Override
    public Optional<ApiToken> use(byte[] digest) {
        Optional<ApiToken> token =
                tokens("where digest = ? and revoked_at is null and expires_at > now()", digest).stream()
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
        return tokens("where least(expires_at, coalesce(revoked_at, expires_at)) > now() - interval '30 days'"
                + " order by created_at desc");
    }

    @Override
    public Optional<ApiToken> revoke(String id) {
        return database.withConnection(
                "revoke an API token",
                connection -> Sql.query(
                                connection,
                                "update api_token set revoked_at = now() where id = ? and revoked_at is null returning "
                                        + COLUMNS,
                                JdbcApiTokens::token,
                                id)
                        .stream()
                        .findFirst());
    }

    private List<ApiToken> tokens(String where, @Nullable Object... values) {
        return database.withConnection(
                "read API tokens",
                connection -> Sql.query(
                        connection, "select " + COLUMNS + " from api_token " + where, JdbcApiTokens::token, values));
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
                instant(rows, "created_at"),
                instant(rows, "expires_at"),
                Sql.instantOrNull(rows, "last_used_at"),
                Sql.instantOrNull(rows, "revoked_at"));
    }

    private static Instant instant(ResultSet rows, String column) throws SQLException {
        return rows.getObject(column, OffsetDateTime.class).toInstant();
    }
}
