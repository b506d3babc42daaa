package dev.parley.store;

import dev.parley.cluster.CommandStore;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Commands to nodes in Postgres. Blocks; throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcCommands implements CommandStore {
    private final Database database;

    public JdbcCommands(Database database) {
        this.database = database;
    }

    @Override
    public List<Command> waiting(long epoch) {
        return database.withConnection("read the commands to this node", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select id, kind, argument from node_command where epoch = ? and acked_at is null order by id
                    """)) {
                query.setLong(1, epoch);
                try (ResultSet rows = query.executeQuery()) {
                    List<Command> commands = new ArrayList<>();
                    while (rows.next()) {
                        commands.add(new Command(
                                rows.getLong("id"),
                                Kind.valueOf(rows.getString("kind").toUpperCase(Locale.ROOT)),
                                rows.getString("argument")));
                    }
                    return commands;
                }
            }
        });
    }

    @Override
    public void answer(long command, String result) {
        database.withConnection("answer a command", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    update node_command set acked_at = clock_timestamp(), result = ?
                    where id = ? and acked_at is null
                    """)) {
                update.setString(1, result);
                update.setLong(2, command);
                return update.executeUpdate();
            }
        });
    }

    /**
     * Asks something of a living node, then rings its doorbell, in a transaction of its own: a NOTIFY takes a lock on the whole
     * database while its transaction commits.
     *
     * @param argument the session or the tenant; null for a drain
     * @return the command's number; empty if the epoch is ended
     */
    public Optional<Long> send(long epoch, Kind kind, @Nullable String argument) {
        Optional<Long> sent = database.withConnection("send a command", connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into node_command (node, epoch, kind, argument)
                    select name, epoch, ?, ? from node where epoch = ? and ended_at is null for key share
                    returning id
                    """)) {
                insert.setString(1, kind.name().toLowerCase(Locale.ROOT));
                insert.setString(2, argument);
                insert.setLong(3, epoch);
                try (ResultSet rows = insert.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getLong("id")) : Optional.empty();
                }
            }
        });
        if (sent.isPresent()) {
            database.withConnection("ring the nodes' doorbell", connection -> {
                try (PreparedStatement call = connection.prepareStatement("select pg_notify(?, ?)")) {
                    call.setString(1, Doorbell.CHANNEL);
                    call.setString(2, Long.toString(epoch));
                    return call.execute();
                }
            });
        }
        return sent;
    }

    /** A node's answer; empty while there is none. */
    public Optional<String> result(long command) {
        return database.withConnection("read a command's result", connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("select result from node_command where id = ?")) {
                query.setLong(1, command);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next() ? Optional.ofNullable(rows.getString("result")) : Optional.empty();
                }
            }
        });
    }
}
