package dev.parley.store;

import dev.parley.cluster.PlaceStore;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where live sessions are, in Postgres. Blocks; throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcPlaces implements PlaceStore {
    private final Database database;

    public JdbcPlaces(Database database) {
        this.database = database;
    }

    @Override
    public void write(List<Known> sessions, String reachedAt) {
        database.inTransaction("write down where sessions are", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    update live_session set known_as = known.id, reached_at = ?
                    from unnest(?, ?) as known (session, id) where session_id = known.session
                    """)) {
                update.setString(1, reachedAt);
                update.setArray(
                        2,
                        connection.createArrayOf(
                                "text",
                                sessions.stream()
                                        .map(known -> known.session().value())
                                        .toArray()));
                update.setArray(
                        3,
                        connection.createArrayOf(
                                "text", sessions.stream().map(Known::knownAs).toArray()));
                return update.executeUpdate();
            }
        });
    }

    @Override
    public Optional<Place> find(String id, TenantId tenant, @Nullable SubjectId subject) {
        return database.withConnection("find where a session is", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select session_id, reached_at from live_session
                    join node on node.epoch = live_session.epoch and node.ended_at is null
                    where (known_as = ? or session_id = ?) and tenant_id = ? and subject = coalesce(?, subject) and reached_at is not null
                    order by live_session.started_at desc limit 1
                    """)) {
                query.setString(1, id);
                query.setString(2, id);
                query.setString(3, tenant.value());
                query.setString(4, subject == null ? null : subject.value());
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Place(
                                    new SessionId(rows.getString("session_id")), rows.getString("reached_at")))
                            : Optional.empty();
                }
            }
        });
    }
}
