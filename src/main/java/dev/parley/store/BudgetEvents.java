package dev.parley.store;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises the events of budgets that have passed a threshold, once a second; every node tries, and the database lets one. Owns a virtual thread.
 */
public final class BudgetEvents implements AutoCloseable {
    static final int BALANCES_MAX = 500;
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    /** A little less than the interval, so that one node alone looks at each. */
    private static final Duration RECENT = Duration.ofMillis(900);

    private static final double MILLIS_PER_SECOND = 1_000;
    private static final Logger LOGGER = LoggerFactory.getLogger(BudgetEvents.class);

    private final Database database;
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "events of budgets cannot be raised now");

    /** Starts. */
    public BudgetEvents(Database database) {
        this.database = database;
        this.rounds = new Rounds("budget-events", INTERVAL, this::round);
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void round() {
        try {
            int changed = raise(database, RECENT);
            while (changed == BALANCES_MAX) {
                changed = raise(database, Duration.ZERO);
            }
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    /**
     * One transaction.
     *
     * @param recent does nothing if a node looked less than this ago
     * @return how many balances are above another threshold than before, {@link #BALANCES_MAX} at most
     */
    static int raise(Database database, Duration recent) {
        return database.inTransaction("raise budget events", connection -> {
            try (PreparedStatement call =
                    connection.prepareStatement("select raise_budget_events(make_interval(secs => ?))")) {
                call.setDouble(1, recent.toMillis() / MILLIS_PER_SECOND);
                try (ResultSet row = call.executeQuery()) {
                    row.next();
                    return row.getInt(1);
                }
            }
        });
    }
}
