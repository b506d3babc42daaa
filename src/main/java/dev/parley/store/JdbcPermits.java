package dev.parley.store;

import dev.parley.cluster.PermitStore;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Permits in Postgres: a round is one call of one function. Blocks. Thread-safe. */
public final class JdbcPermits implements PermitStore {
    private final Database database;

    public JdbcPermits(Database database) {
        this.database = database;
    }

    @Override
    public List<Outcome> exchange(long epoch, List<Back> backs, List<Take> takes) {
        return database.inTransaction("count sessions", connection -> exchange(connection, epoch, backs, takes));
    }

    @Override
    public List<Back> held(long epoch, Duration age) {
        return database.withConnection("read this node's sessions", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select session_id, tenant_id from live_session
                    where epoch = ? and started_at < clock_timestamp() - make_interval(secs => ?)
                    """)) {
                query.setLong(1, epoch);
                query.setDouble(2, (double) age.toSeconds());
                try (ResultSet rows = query.executeQuery()) {
                    List<Back> held = new ArrayList<>();
                    while (rows.next()) {
                        held.add(new Back(
                                new SessionId(rows.getString("session_id")),
                                new TenantId(rows.getString("tenant_id"))));
                    }
                    return held;
                }
            }
        });
    }

    private static List<Outcome> exchange(Connection connection, long epoch, List<Back> backs, List<Take> takes)
            throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("""
                select place, outcome, already_open from exchange_permits(?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            call.setLong(1, epoch);
            call.setArray(2, texts(connection, backs, back -> back.session().value()));
            call.setArray(3, texts(connection, backs, back -> back.tenant().value()));
            call.setArray(4, texts(connection, takes, take -> take.session().value()));
            call.setArray(5, texts(connection, takes, take -> take.tenant().value()));
            call.setArray(
                    6, texts(connection, takes, take -> text(take.subject().value())));
            call.setArray(
                    7,
                    texts(
                            connection,
                            takes,
                            take -> take.model() == null ? null : take.model().value()));
            call.setArray(8, numbers(connection, takes, Take::tenantMax));
            call.setArray(9, numbers(connection, takes, Take::subjectMax));
            @Nullable Outcome[] outcomes = new Outcome[takes.size()];
            try (ResultSet rows = call.executeQuery()) {
                while (rows.next()) {
                    Answer answer = Answer.valueOf(rows.getString("outcome").toUpperCase(Locale.ROOT));
                    outcomes[rows.getInt("place") - 1] = new Outcome(answer, rows.getInt("already_open"));
                }
            }
            return Arrays.stream(outcomes).map(Objects::requireNonNull).toList();
        }
    }

    private static <T> java.sql.Array texts(Connection connection, List<T> values, Function<T, @Nullable String> text)
            throws SQLException {
        return connection.createArrayOf("text", values.stream().map(text).toArray());
    }

    private static <T> java.sql.Array numbers(
            Connection connection, List<T> values, Function<T, @Nullable Integer> number) throws SQLException {
        return connection.createArrayOf("int", values.stream().map(number).toArray());
    }

    /** Postgres' text holds no zero character. */
    private static String text(String value) {
        return value.replace('\0', '\uFFFD');
    }
}
