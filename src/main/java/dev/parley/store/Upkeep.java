package dev.parley.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the tables need from time to time: the ledger's partitions of this month and the next two, and the end of session
 * errors, of commands to nodes, of ended nodes and of deliveries to webhooks after {@link #KEPT}, of budget windows
 * {@link #WINDOWS_KEPT} after their own end, and what is left of sign-ins. At every start and once a day; every ten minutes
 * the end of windows of quotas. On a virtual thread of its own.
 */
public final class Upkeep implements AutoCloseable {
    static final Duration KEPT = Duration.ofDays(30);
    /** Longer than a month, so that a month can be reconciled before what dead nodes held of it is forgotten. */
    static final Duration WINDOWS_KEPT = Duration.ofDays(40);

    static final int DELETE_MAX = 10_000;
    private static final Duration INTERVAL = Duration.ofDays(1);
    private static final Duration FORGET_INTERVAL = Duration.ofMinutes(10);
    private static final Duration RETRY = Duration.ofMinutes(5);

    // each takes how many seconds are kept, and how many go at the most

    private static final String OLD_ERRORS = """
            delete from session_error
            where id in (select id from session_error where at < now() - make_interval(secs => ?) limit ?)
            """;
    /** With their grants. An entry that still names one has been charged; what comes so late charges nothing any more. */
    private static final String OLD_WINDOWS = """
            delete from budget_balance
            where id in (select b.id from budget_balance b
                         where window_end < now() - make_interval(secs => ?)
                           and not exists (select from budget_grant g where g.balance_id = b.id and g.state = 'open')
                         limit ?)
            """;
    /** Those that wait stay; the events themselves stay too. */
    private static final String OLD_DELIVERIES = """
            delete from webhook_delivery
            where id in (select id from webhook_delivery
                         where coalesce(delivered_at, given_up_at) < now() - make_interval(secs => ?) limit ?)
            """;

    private static final Logger LOGGER = LoggerFactory.getLogger(Upkeep.class);

    private final Database database;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("upkeep").factory());

    /** Does the round of the start. Blocks; throws {@link StoreException} when it fails. */
    public Upkeep(Database database) {
        this.database = database;
        round();
        schedule(INTERVAL);
        long interval = FORGET_INTERVAL.toMillis();
        var _ = timer.scheduleWithFixedDelay(this::forgetQuotaWindows, interval, interval, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private void schedule(Duration delay) {
        var _ = timer.schedule(this::roundAndAgain, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void roundAndAgain() {
        try {
            round();
            schedule(INTERVAL);
        } catch (RuntimeException e) {
            LOGGER.atWarn().setCause(e).log("upkeep of the tables failed; tried again in a few minutes");
            schedule(RETRY);
        }
    }

    /** There is one for each minute of each subject that has a limit of each minute. */
    private void forgetQuotaWindows() {
        try {
            deleteAll("delete ended windows of quotas", Upkeep::deleteQuotaWindows);
        } catch (RuntimeException e) {
            LOGGER.atWarn().setCause(e).log("ended windows of quotas were not deleted; tried again in a few minutes");
        }
    }

    static int deleteQuotaWindows(Connection connection) throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("select forget_quota_windows(?)")) {
            call.setInt(1, DELETE_MAX);
            try (ResultSet row = call.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    private void round() {
        database.inTransaction("make the ledger's partitions", connection -> {
            try (PreparedStatement call = connection.prepareStatement("select make_usage_partitions()")) {
                return call.execute();
            }
        });
        deleteAll("delete old session errors", connection -> delete(connection, OLD_ERRORS, KEPT));
        deleteAll("delete old budget windows", connection -> delete(connection, OLD_WINDOWS, WINDOWS_KEPT));
        deleteAll("delete old deliveries", connection -> delete(connection, OLD_DELIVERIES, KEPT));
        database.inTransaction("delete old commands and nodes", Upkeep::deleteNodes);
        database.inTransaction("delete old sign-ins", Upkeep::deleteSignIns);
    }

    private void deleteAll(String doing, Database.Work<Integer> some) {
        int deleted = DELETE_MAX;
        while (deleted == DELETE_MAX) {
            deleted = database.inTransaction(doing, some);
        }
    }

    private static int deleteNodes(Connection connection) throws SQLException {
        int deleted = 0;
        for (String old : List.of("delete from node_command where acked_at < now() - make_interval(secs => ?)", """
                delete from node n where ended_at < now() - make_interval(secs => ?)
                    and not exists (select from node_command c where c.epoch = n.epoch)
                    and not exists (select from budget_grant g where g.epoch = n.epoch and g.state = 'orphan')
                """)) {
            try (PreparedStatement delete = connection.prepareStatement(old)) {
                delete.setDouble(1, (double) KEPT.toSeconds());
                deleted += delete.executeUpdate();
            }
        }
        return deleted;
    }

    /** A browser is signed in for less than a day, whatever it does. */
    private static int deleteSignIns(Connection connection) throws SQLException {
        return Sql.update(connection, "delete from sign_in_link where expires_at < now()")
                + Sql.update(connection, "delete from console_session where created_at < now() - interval '1 day'")
                + Sql.update(connection, "delete from idempotent_answer where created_at < now() - interval '1 day'");
    }

    private static int delete(Connection connection, String some, Duration kept) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(some)) {
            delete.setDouble(1, (double) kept.toSeconds());
            delete.setInt(2, DELETE_MAX);
            return delete.executeUpdate();
        }
    }
}
