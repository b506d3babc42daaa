package dev.parley.store;

import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The live sessions of all nodes. Blocks; throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcSessions {
    private static final String SELECT = """
            select session_id, tenant_id, subject, model, node, epoch, started_at from live_session
            """;

    private final Database database;

    public JdbcSessions(Database database) {
        this.database = database;
    }

    /**
     * The oldest first.
     *
     * @param tenant null for all tenants
     */
    public List<SessionRow> list(@Nullable TenantId tenant, int most) {
        return database.withConnection("list sessions", connection -> {
            try (PreparedStatement query = connection.prepareStatement(
                    SELECT + "where ?::text is null or tenant_id = ? order by started_at, session_id limit ?")) {
                query.setString(1, tenant == null ? null : tenant.value());
                query.setString(2, tenant == null ? null : tenant.value());
                query.setInt(3, most);
                try (ResultSet rows = query.executeQuery()) {
                    List<SessionRow> sessions = new ArrayList<>();
                    while (rows.next()) {
                        sessions.add(session(rows));
                    }
                    return sessions;
                }
            }
        });
    }

    public Optional<SessionRow> find(SessionId session) {
        return database.withConnection("find session '" + session + "'", connection -> {
            try (PreparedStatement query = connection.prepareStatement(SELECT + "where session_id = ?")) {
                query.setString(1, session.value());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? Optional.of(session(rows)) : Optional.empty();
                }
            }
        });
    }

    private static SessionRow session(ResultSet rows) throws SQLException {
        String model = rows.getString("model");
        return new SessionRow(
                new SessionId(rows.getString("session_id")),
                new TenantId(rows.getString("tenant_id")),
                new SubjectId(rows.getString("subject")),
                model == null ? null : new ModelName(model),
                rows.getString("node"),
                rows.getLong("epoch"),
                rows.getObject("started_at", OffsetDateTime.class).toInstant());
    }

    /**
     * A live session as an operator sees it.
     *
     * @param model null for a transcription session that named none
     */
    public record SessionRow(
            SessionId session,
            TenantId tenant,
            SubjectId subject,
            @Nullable ModelName model,
            String node,
            long epoch,
            Instant startedAt) {}
}
