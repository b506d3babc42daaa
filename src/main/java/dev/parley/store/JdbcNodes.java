package dev.parley.store;

import dev.parley.cluster.NodeStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The registry of nodes in Postgres. Blocks; throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcNodes implements NodeStore {
    private final Database database;

    public JdbcNodes(Database database) {
        this.database = database;
    }

    @Override
    public Optional<Registered> register(Description node, boolean replaces) {
        return database.inTransaction("register node '" + node.name() + "'", connection -> {
            try (PreparedStatement call = connection.prepareStatement("""
                    select new_epoch, database_now from register_node(?, ?, ?, ?)
                    """)) {
                call.setString(1, node.name());
                call.setString(2, node.address());
                call.setString(3, node.version());
                call.setBoolean(4, replaces);
                try (ResultSet rows = call.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Registered(rows.getLong("new_epoch"), instant(rows, "database_now")))
                            : Optional.empty();
                }
            }
        });
    }

    @Override
    public Beat beat(long epoch, boolean draining) {
        return database.withConnection("write the heartbeat", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    with beat as (
                        update node set heartbeat_at = clock_timestamp(), draining = ?
                        where epoch = ? and ended_at is null
                        returning 1)
                    select exists (select from beat) as alive, clock_timestamp() as database_now
                    """)) {
                update.setBoolean(1, draining);
                update.setLong(2, epoch);
                try (ResultSet rows = update.executeQuery()) {
                    rows.next();
                    return new Beat(rows.getBoolean("alive"), instant(rows, "database_now"));
                }
            }
        });
    }

    @Override
    public List<Dead> reap(Duration silence, Instant asked) {
        return database.inTransaction("look for dead nodes", connection -> {
            try (PreparedStatement call = connection.prepareStatement("""
                    select dead_node, dead_epoch, sessions from reap_nodes(make_interval(secs => ?), ?)
                    """)) {
                call.setDouble(1, silence.toMillis() / 1_000.0);
                call.setObject(2, asked.atOffset(ZoneOffset.UTC));
                try (ResultSet rows = call.executeQuery()) {
                    List<Dead> dead = new ArrayList<>();
                    while (rows.next()) {
                        dead.add(new Dead(
                                rows.getString("dead_node"), rows.getLong("dead_epoch"), rows.getInt("sessions")));
                    }
                    return dead;
                }
            }
        });
    }

    @Override
    public void stopped(long epoch) {
        database.inTransaction("end this node's epoch", connection -> {
            try (PreparedStatement call = connection.prepareStatement("select end_node(?, 'stopped')")) {
                call.setLong(1, epoch);
                return call.execute();
            }
        });
    }

    /** Every living node, and the ended ones of the last day; the living ones first. */
    public List<NodeRow> list() {
        return database.withConnection("list nodes", JdbcNodes::select);
    }

    private static List<NodeRow> select(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("""
                        select name, n.epoch, n.started_at, address, version, draining, coalesce(end_reason, '') as ended,
                               extract(epoch from clock_timestamp() - heartbeat_at) as silence,
                               (select count(*) from live_session s where s.epoch = n.epoch) as sessions
                        from node n
                        where ended_at is null or ended_at > now() - interval '1 day'
                        order by ended_at is not null, name, n.epoch desc
                        """);
                ResultSet rows = query.executeQuery()) {
            List<NodeRow> nodes = new ArrayList<>();
            while (rows.next()) {
                nodes.add(new NodeRow(
                        rows.getString("name"),
                        rows.getLong("epoch"),
                        instant(rows, "started_at"),
                        rows.getString("address"),
                        rows.getString("version"),
                        rows.getBoolean("draining"),
                        rows.getString("ended"),
                        Duration.ofMillis((long) (rows.getDouble("silence") * 1_000)),
                        rows.getInt("sessions")));
            }
            return nodes;
        }
    }

    private static Instant instant(ResultSet rows, String column) throws SQLException {
        return rows.getObject(column, OffsetDateTime.class).toInstant();
    }

    /**
     * A node as an operator sees it.
     *
     * @param ended {@code stopped}, {@code late} or {@code replaced}; empty while it lives
     * @param silence since its last heartbeat
     * @param sessions live now
     */
    public record NodeRow(
            String name,
            long epoch,
            Instant startedAt,
            String address,
            String version,
            boolean draining,
            String ended,
            Duration silence,
            int sessions) {
        public boolean alive() {
            return ended.isEmpty();
        }
    }
}
