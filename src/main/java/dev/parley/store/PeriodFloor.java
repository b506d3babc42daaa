package dev.parley.store;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import dev.parley.quota.LedgerPeriod;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the database the earliest period in which this node may still write usage entries: the one of its oldest open
 * claim. A period that ended is closed when no living node may write into it any more. Written when it has changed: at
 * the start, under a new epoch, and after the turn of a month. Owns a virtual thread.
 */
public final class PeriodFloor implements AutoCloseable {
    /** The node's idea of the database's clock may go back by the time that an answer takes, never by so much. */
    static final Duration MARGIN = Duration.ofMinutes(1);

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Logger LOGGER = LoggerFactory.getLogger(PeriodFloor.class);

    private final Database database;
    private final NodeIdentity node;
    private final LongSupplier claimedSinceNanos;
    private final Ticker ticker;
    private final Rounds rounds;
    private final RepeatedFailure trouble =
            new RepeatedFailure(LOGGER, "the database cannot be told which periods this node writes into");
    private long toldEpoch = -1;
    private int told;

    /**
     * Starts.
     *
     * @param claimedSinceNanos from when on, by {@code ticker}, all work was claimed that may still become an entry
     */
    public PeriodFloor(Database database, NodeIdentity node, LongSupplier claimedSinceNanos, Ticker ticker) {
        this.database = database;
        this.node = node;
        this.claimedSinceNanos = claimedSinceNanos;
        this.ticker = ticker;
        this.rounds = new Rounds("ledger-period-floor", INTERVAL, this::round);
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void round() {
        long epoch = node.epoch();
        Instant now = node.databaseNow().minus(MARGIN);
        if (epoch == toldEpoch && LedgerPeriod.of(now) == told) {
            return;
        }
        Duration oldest = Duration.ofNanos(ticker.nanos() - claimedSinceNanos.getAsLong());
        int floor = LedgerPeriod.of(now.minus(oldest));
        if (epoch == toldEpoch && floor == told) {
            return;
        }
        try {
            tell(epoch, floor);
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    private void tell(long epoch, int floor) {
        database.withConnection("tell the earliest period of this node", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    update node set writes_from = greatest(writes_from, ?) where epoch = ? and ended_at is null
                    """)) {
                update.setInt(1, floor);
                update.setLong(2, epoch);
                return update.executeUpdate();
            }
        });
        toldEpoch = epoch;
        told = floor;
    }
}
