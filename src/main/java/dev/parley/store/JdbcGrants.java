package dev.parley.store;

import dev.parley.quota.GrantStore;
import dev.parley.quota.Limit;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Grants in Postgres: one function call, one transaction, for each round. Blocks. Thread-safe. */
public final class JdbcGrants implements GrantStore {
    /** A node that cannot reach Postgres spends what it holds for nine tenths of this, and then admits nothing. */
    static final Duration LIFETIME = Duration.ofMinutes(1);
    /** How long a node's lack is told to the others; it asks again sooner. */
    private static final Duration WANTED_FOR = Duration.ofSeconds(3);

    /** In place of a balance: it could not be opened. */
    private static final long NOT_OPEN = -1;

    private static final Answer AWAY = new Answer(Outcome.AWAY, 0, 0, 0, 0, 0, 0, null, 0, false, false, 0, null);
    /** SQLSTATE of a statement that took longer than it may. */
    private static final String QUERY_CANCELED = "57014";

    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcGrants.class);

    private final Database database;

    public JdbcGrants(Database database) {
        this.database = database;
    }

    @Override
    public List<Answer> exchange(long epoch, List<Ask> asks) {
        List<@Nullable Long> balances = openBalances(asks);
        List<Integer> able = IntStream.range(0, asks.size())
                .filter(place -> !Long.valueOf(NOT_OPEN).equals(balances.get(place)))
                .boxed()
                .toList();
        List<Answer> answers = new ArrayList<>(Collections.nCopies(asks.size(), AWAY));
        if (!able.isEmpty()) {
            List<Ask> asked = able.stream().map(asks::get).toList();
            List<@Nullable Long> theirs = new ArrayList<>();
            able.forEach(place -> theirs.add(balances.get(place)));
            List<Answer> told =
                    database.inTransaction("renew grants", connection -> exchange(connection, epoch, asked, theirs));
            for (int i = 0; i < told.size(); i++) {
                answers.set(able.get(i), told.get(i));
            }
        }
        return answers;
    }

    /** Of asks without a grant, the window of now; or {@link #NOT_OPEN}. */
    private List<@Nullable Long> openBalances(List<Ask> asks) {
        if (asks.stream().allMatch(ask -> ask.grant() != null)) {
            return new ArrayList<>(Collections.nCopies(asks.size(), null));
        }
        return database.withConnection("open budget windows", connection -> {
            List<@Nullable Long> balances = new ArrayList<>();
            try (PreparedStatement call = connection.prepareStatement("select open_balance(?, ?, ?, ?, ?, ?, ?, ?)")) {
                for (Ask ask : asks) {
                    balances.add(ask.grant() == null ? openOrNot(call, ask) : null);
                }
            }
            return balances;
        });
    }

    /** One tenant's ledger that takes too long to sum up, or its odd values, must not stop the others. */
    private static long openOrNot(PreparedStatement call, Ask ask) throws SQLException {
        try {
            return openBalance(call, ask);
        } catch (SQLException e) {
            boolean itsOwn = QUERY_CANCELED.equals(e.getSQLState())
                    || StoreException.kindOf(e) == StoreException.Kind.REJECTED_DATA;
            if (!itsOwn) {
                throw e;
            }
            LOGGER.atError()
                    .addKeyValue("tenant", ask.tenant())
                    .addKeyValue("limit", ask.limit().key())
                    .addKeyValue("state", e.getSQLState())
                    .log("what a limit has used so far cannot be read: its work is refused");
            return NOT_OPEN;
        }
    }

    private static long openBalance(PreparedStatement call, Ask ask) throws SQLException {
        Limit limit = ask.limit();
        call.setString(1, ask.tenant().value());
        call.setString(2, limit.key());
        call.setString(
                3,
                limit.subject() == null ? "" : limit.subject().value().replace('\0', '\uFFFD')); // as the ledger does
        call.setString(4, limit.unit().name().toLowerCase(Locale.ROOT));
        call.setString(5, limit.period().name().toLowerCase(Locale.ROOT));
        call.setBoolean(6, limit.hard());
        call.setLong(7, limit.amount());
        call.setString(8, limit.budget());
        try (ResultSet row = call.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static List<Answer> exchange(
            Connection connection, long epoch, List<Ask> asks, List<@Nullable Long> balances) throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("""
                select outcome, balance, grant_id, new_seq, now_granted, now_settled, window_millis, over, wanted,
                       reclaimable, all_spent, window_ends
                from exchange_grants(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, make_interval(secs => ?))
                order by place
                """)) {
            call.setLong(1, epoch);
            call.setArray(2, longs(connection, asks, Ask::grant));
            call.setArray(3, connection.createArrayOf("bigint", balances.toArray()));
            call.setArray(4, longs(connection, asks, Ask::seq));
            call.setArray(5, longs(connection, asks, Ask::give));
            call.setArray(6, longs(connection, asks, Ask::least));
            call.setArray(7, longs(connection, asks, Ask::useful));
            call.setArray(8, longs(connection, asks, Ask::most));
            call.setArray(9, longs(connection, asks, Ask::reserved));
            call.setArray(10, longs(connection, asks, Ask::idle));
            call.setArray(11, longs(connection, asks, Ask::used));
            call.setArray(
                    12,
                    connection.createArrayOf(
                            "boolean", asks.stream().map(Ask::close).toArray()));
            call.setArray(13, longs(connection, asks, ask -> ask.limit().amount()));
            call.setDouble(14, WANTED_FOR.toMillis() / 1e3);
            try (ResultSet rows = call.executeQuery()) {
                List<Answer> answers = new ArrayList<>(asks.size());
                while (rows.next()) {
                    answers.add(answer(rows));
                }
                return answers;
            }
        }
    }

    private static Answer answer(ResultSet row) throws SQLException {
        OffsetDateTime ends = row.getObject("window_ends", OffsetDateTime.class);
        Instant windowEnds = ends == null ? null : ends.toInstant();
        return new Answer(
                Outcome.valueOf(row.getString("outcome").toUpperCase(Locale.ROOT)),
                row.getLong("balance"),
                row.getLong("grant_id"),
                row.getLong("new_seq"),
                row.getLong("now_granted"),
                row.getLong("now_settled"),
                LIFETIME.toMillis(),
                row.getObject("window_millis", Long.class),
                row.getLong("over"),
                row.getBoolean("wanted"),
                row.getBoolean("reclaimable"),
                row.getLong("all_spent"),
                windowEnds);
    }

    private static Array longs(Connection connection, List<Ask> asks, Function<Ask, @Nullable Long> value)
            throws SQLException {
        return connection.createArrayOf("bigint", asks.stream().map(value).toArray());
    }
}
