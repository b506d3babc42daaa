package dev.parley.store;

import dev.parley.administration.Orders;
import dev.parley.cluster.CommandStore.Kind;
import dev.parley.cluster.Commands;
import dev.parley.domain.SessionId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Sends commands to nodes through the database, and waits for their answers. Blocks. Thread-safe. */
public final class JdbcOrders implements Orders {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(5);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private final JdbcNodes nodes;
    private final JdbcSessions sessions;
    private final JdbcCommands commands;

    public JdbcOrders(Database database) {
        this.nodes = new JdbcNodes(database);
        this.sessions = new JdbcSessions(database);
        this.commands = new JdbcCommands(database);
    }

    @Override
    public Outcome endSession(SessionId session) {
        return sessions.find(session)
                .map(row -> order(row.epoch(), Kind.END_SESSION, session.value()))
                .orElse(Outcome.UNKNOWN);
    }

    @Override
    public Outcome drain(String node) {
        return nodes.list().stream()
                .filter(row -> row.alive() && row.name().equals(node))
                .findFirst()
                .map(row -> order(row.epoch(), Kind.DRAIN, null))
                .orElse(Outcome.UNKNOWN);
    }

    private Outcome order(long epoch, Kind kind, @Nullable String argument) {
        Optional<Long> sent = commands.send(epoch, kind, argument);
        if (sent.isEmpty()) {
            return Outcome.UNKNOWN;
        }
        long end = System.nanoTime() + ANSWER_MAX.toNanos();
        while (System.nanoTime() - end < 0) {
            Optional<String> result = commands.result(sent.get());
            if (result.isPresent()) {
                return result.get().equals(Commands.DONE) ? Outcome.DONE : Outcome.UNKNOWN;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return Outcome.UNANSWERED;
    }
}
