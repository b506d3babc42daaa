package dev.parley.store;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals the ledger twice a second; every node tries, and the database lets one at a time. Owns a virtual thread. What it
 * cannot seal, because a transaction that began before still runs, waits: after {@link #LAG_ALARM} the log says so.
 */
public final class Sealer implements AutoCloseable {
    static final Duration LAG_ALARM = Duration.ofSeconds(30);
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Logger LOGGER = LoggerFactory.getLogger(Sealer.class);

    private final Database database;
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "the ledger cannot be sealed now");
    private volatile double lagSeconds;
    private volatile long lastSeal;
    private boolean lagging;

    /** Starts. */
    public Sealer(Database database) {
        this.database = database;
        this.rounds = new Rounds("ledger-sealer", INTERVAL, this::round);
    }

    /** How long the oldest usage entry without a seal has been in the ledger. */
    public double lagSeconds() {
        return lagSeconds;
    }

    /** The last seal that this node has seen. */
    public long lastSeal() {
        return lastSeal;
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void round() {
        try {
            boolean more = true;
            while (more) {
                more = database.inTransaction("seal the ledger", connection -> {
                    try (PreparedStatement call = connection.prepareStatement("select seal_ledger()");
                            ResultSet row = call.executeQuery()) {
                        row.next();
                        row.getLong(1);
                        return !row.wasNull();
                    }
                });
            }
            look();
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    private void look() {
        database.withConnection("look at the ledger's seals", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                            select coalesce(max(seal_no), 0),
                                   coalesce((select extract(epoch from clock_timestamp() - min(recorded_at))
                                             from usage_entry
                                             where xid >= coalesce((select max(xid_hi) from ledger_seal), '0'::xid8)), 0)
                            from ledger_seal
                            """);
                    ResultSet row = query.executeQuery()) {
                row.next();
                lastSeal = row.getLong(1);
                lagSeconds = row.getDouble(2);
            }
            return lastSeal;
        });
        boolean late = lagSeconds > LAG_ALARM.toSeconds();
        if (late && !lagging) {
            LOGGER.atWarn()
                    .addKeyValue("seconds", Math.round(lagSeconds))
                    .log(
                            "the ledger cannot be sealed: an old transaction still writes, see pg_stat_activity.xact_start");
        }
        lagging = late;
    }
}
