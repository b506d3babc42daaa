package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.domain.NanoUsd;
import dev.parley.store.Database;
import dev.parley.store.JdbcPeriods;
import dev.parley.store.JdbcPeriods.ClosedPeriod;
import dev.parley.store.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code billing close}. */
@Command(
        name = "close",
        mixinStandardHelpOptions = true,
        description = {
            "Closes a month of the ledger for ever, so that it can be invoiced: it gets no further entry.",
            "That needs the month to be over, and every living node to say that it has no work left from it; what stands",
            "in the way is said, with exit code 1. Usage that comes all the same, such as from a node that was cut off, is",
            "booked into the next open month and says so (late_for). Closing twice changes nothing."
        },
        footer = {"", "Example:", "  parley billing close 202611"})
final class BillingClose extends DatabaseCommand {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long AGAIN_MILLIS = 200;

    @Parameters(paramLabel = "PERIOD", description = "The month (UTC), such as 202611.")
    private int period;

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure, InterruptedException {
        JdbcPeriods periods = new JdbcPeriods(database);
        List<String> obstacles = periods.obstacles(period);
        if (!obstacles.isEmpty()) {
            throw new CommandFailure(String.join("; ", obstacles));
        }
        CommandAudit.note(database, "billing.close", "period/" + period);
        ClosedPeriod closed = close(periods);
        out().println("period " + closed.period() + " is closed: " + closed.rows() + " entries, "
                + new NanoUsd(closed.costNano()) + ", all of them in the seals up to " + closed.lastSeal());
    }

    /** Tries again while another transaction is in the way. */
    private ClosedPeriod close(JdbcPeriods periods) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return periods.close(period);
            } catch (StoreException e) {
                if (!e.isRetryable() || System.nanoTime() > end) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
            }
        }
    }
}
