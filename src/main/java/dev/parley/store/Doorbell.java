package dev.parley.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for NOTIFY on a connection of its own, which it makes anew when it is lost. It is a hint only: what was rung while
 * nobody listened is not heard, so whoever is rung looks from time to time without it, too. Thread-safe.
 */
public final class Doorbell implements AutoCloseable {
    static final String CHANNEL = "parley";
    private static final Duration LISTEN = Duration.ofSeconds(5);
    private static final Duration RECONNECT_PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP_MAX = Duration.ofSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(Doorbell.class);

    private final DatabaseServer server;
    private final Runnable rung;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile boolean listening;

    /** @param rung is told when somebody may have rung, and after each reconnect; must not block */
    public Doorbell(DatabaseServer server, Runnable rung) {
        this.server = server;
        this.rung = rung;
        this.thread = Thread.ofVirtual().name("doorbell").start(this::run);
    }

    /** Whether the connection is there, as far as is known; for statistics. */
    public boolean listening() {
        return listening;
    }

    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            thread.join(STOP_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!stopping) {
            try (Connection connection = Database.dedicated(server)) {
                listen(connection);
            } catch (SQLException | RuntimeException e) {
                if (!stopping) {
                    LOGGER.atDebug().addKeyValue("cause", e.getMessage()).log("the doorbell is not heard now");
                }
            } finally {
                listening = false;
            }
            try {
                TimeUnit.NANOSECONDS.sleep(stopping ? 0 : RECONNECT_PAUSE.toNanos());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void listen(Connection connection) throws SQLException {
        PGConnection postgres = connection.unwrap(PGConnection.class);
        try (Statement statement = connection.createStatement()) {
            statement.execute("listen " + CHANNEL);
            listening = true;
            rung.run();
            while (!stopping) {
                if (postgres.getNotifications((int) LISTEN.toMillis()).length > 0) {
                    rung.run();
                } else {
                    statement.execute("select 1"); // a Postgres that is gone without a word is found out so
                }
            }
        }
    }
}
