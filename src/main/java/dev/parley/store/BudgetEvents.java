package dev.parley.store;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Raises the events of budgets that have passed a threshold, once a second; every node tries, and the database lets one. Counts
 * the budgets that are about to be spent, and those that are, every ten seconds, on each node. Owns a virtual thread.
 */
public final class BudgetEvents implements AutoCloseable {
    static final int BALANCES_MAX = 500;
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    /** A little less than the interval, so that one node alone looks at each. */
    private static final Duration RECENT = Duration.ofMillis(900);

    private static final int ROUNDS_BETWEEN_COUNTS = 10;

    /** Of windows that run now; what single subjects have of a budget is not counted. */
    private static final String COUNT = """
            select count(*) filter (where spent < limit_amount) as near, count(*) filter (where spent >= limit_amount) as spent_up
            from (select b.limit_amount, %s as spent
                  from budget_balance b
                  where b.budget is not null and b.subject = '' and b.window_start <= now()
                    and (b.window_end is null or b.window_end > now())) as windows
            where spent >= 0.8 * limit_amount
            """.formatted(JdbcReports.SPENT);

    private static final double MILLIS_PER_SECOND = 1_000;
    private static final Logger LOGGER = LoggerFactory.getLogger(BudgetEvents.class);

    private final Database database;
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "events of budgets cannot be raised now");

    /** Of the thread of the rounds. The first one counts. */
    private int roundsSinceCount = ROUNDS_BETWEEN_COUNTS;

    private volatile Counts counts = new Counts(0, 0);

    /**
     * Budgets of whole tenants, on all nodes.
     *
     * @param near of which 80 % are spent, but not all
     * @param exhausted of which all is spent
     */
    public record Counts(long near, long exhausted) {}

    /** Starts. */
    public BudgetEvents(Database database) {
        this.database = database;
        this.rounds = new Rounds("budget-events", INTERVAL, this::round);
    }

    /** As of the last ten seconds. */
    public Counts counts() {
        return counts;
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
            if (++roundsSinceCount >= ROUNDS_BETWEEN_COUNTS) {
                counts = count(database);
                roundsSinceCount = 0;
            }
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    static Counts count(Database database) {
        return database.withConnection(
                "count budgets",
                connection -> Sql.query(
                                connection, COUNT, row -> new Counts(row.getLong("near"), row.getLong("spent_up")))
                        .getFirst());
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
