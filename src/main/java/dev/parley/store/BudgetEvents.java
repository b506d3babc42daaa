package dev.parley.store;

import dev.parley.concurrent.Rounds;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises the events of budgets that have passed a threshold, once a second; every node tries, and the database lets one at
 * a time. Owns a virtual thread.
 */
public final class BudgetEvents implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Logger LOGGER = LoggerFactory.getLogger(BudgetEvents.class);

    private final Database database;
    private final Rounds rounds;
    private boolean failing;

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
            boolean more = true;
            while (more) {
                more = raise(database) > 0;
            }
            failing = false;
        } catch (StoreException e) {
            if (!failing) {
                failing = true;
                LOGGER.atWarn().addKeyValue("cause", e.getMessage()).log("events of budgets cannot be raised now");
            }
        }
    }

    /** One call: how many balances were above another threshold than before, 0 also when another node is at it. */
    static int raise(Database database) {
        return database.inTransaction("raise budget events", connection -> {
            try (PreparedStatement call = connection.prepareStatement("select raise_budget_events()");
                    ResultSet row = call.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        });
    }
}
