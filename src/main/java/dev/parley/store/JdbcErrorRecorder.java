package dev.parley.store;

import dev.parley.telemetry.ErrorRecorder;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Errors of sessions in Postgres, written by one virtual thread. At most {@link #QUEUE_MAX} wait; further ones are counted
 * and dropped, and so is a group that Postgres refuses. Never blocks its callers. Thread-safe.
 */
public final class JdbcErrorRecorder implements ErrorRecorder, AutoCloseable {
    static final int QUEUE_MAX = 2_000;
    private static final int GROUP_MAX = 200;
    private static final int DETAIL_CHARS_MAX = 1_000;
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcErrorRecorder.class);

    private final Database database;
    private final BlockingQueue<SessionError> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
    private final AtomicLong dropped = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;

    /** Starts the writer's thread. */
    public JdbcErrorRecorder(Database database) {
        this.database = database;
        this.thread = Thread.ofVirtual().name("error-recorder").start(this::run);
    }

    @Override
    public void record(SessionError error) {
        if (stopping || !queue.offer(error)) {
            dropped.incrementAndGet();
        }
    }

    /** Errors that were not recorded, since the start. */
    public long dropped() {
        return dropped.get();
    }

    /** Errors that wait to be written. */
    public int waiting() {
        return queue.size();
    }

    /** Writes what is waiting, for {@link #CLOSE_DEADLINE} at most. Blocks. */
    @Override
    public void close() {
        stopping = true;
        try {
            if (!thread.join(CLOSE_DEADLINE)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        List<SessionError> group = new ArrayList<>();
        try {
            while (!(stopping && queue.isEmpty())) {
                SessionError first = queue.poll(100, TimeUnit.MILLISECONDS);
                if (first != null) {
                    group.add(first);
                    queue.drainTo(group, GROUP_MAX - 1);
                    write(group);
                    group.clear();
                }
            }
        } catch (InterruptedException e) {
            dropped.addAndGet(group.size() + queue.size());
        }
    }

    private void write(List<SessionError> group) throws InterruptedException {
        while (true) {
            try {
                database.inTransaction("record session errors", connection -> {
                    insert(connection, group);
                    return group.size();
                });
                return;
            } catch (StoreException e) {
                if (!e.isRetryable()) {
                    dropped.addAndGet(group.size());
                    LOGGER.atError()
                            .setCause(e)
                            .addKeyValue("errors", group.size())
                            .log("session errors not recorded");
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
            }
        }
    }

    private static void insert(Connection connection, List<SessionError> group) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into session_error (tenant_id, subject, session_id, origin, code, detail, close_code, at)
                values (?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            for (SessionError error : group) {
                insert.setString(1, error.tenant().value());
                insert.setString(
                        2,
                        error.subject() == null ? null : clean(error.subject().value()));
                insert.setString(
                        3, error.session() == null ? null : error.session().value());
                insert.setString(4, error.origin());
                insert.setString(5, clean(error.code()));
                insert.setString(6, clean(error.detail()));
                insert.setObject(7, error.closeCode(), Types.INTEGER);
                insert.setObject(8, error.at().atOffset(ZoneOffset.UTC));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    /** Bounded, and without the zero character, which Postgres' text does not hold. */
    private static String clean(String text) {
        String bounded = text.length() <= DETAIL_CHARS_MAX ? text : text.substring(0, DETAIL_CHARS_MAX);
        return bounded.replace('\0', '\uFFFD');
    }
}
