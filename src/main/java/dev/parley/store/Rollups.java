package dev.parley.store;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sums the sealed ledger up by hour, tenant, subject, model, work and price, every two seconds; every node tries, and the database
 * lets one at a time. Owns a virtual thread.
 */
public final class Rollups implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(Rollups.class);

    private final Database database;
    private final Rounds rounds;
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "usage cannot be summed up now");
    private volatile boolean stopping;
    private volatile long lastSeal;

    /** Starts. */
    public Rollups(Database database) {
        this.database = database;
        this.rounds = new Rounds("usage-rollups", INTERVAL, this::round);
    }

    /** Empties the rollups and makes them anew from the whole sealed ledger; returns the last seal that is in them. Blocks. */
    public static long rebuild(Database database) {
        database.inTransaction("empty the rollups", connection -> {
            try (PreparedStatement call = connection.prepareStatement("select reset_rollups()")) {
                return call.execute();
            }
        });
        long last = 0;
        for (OptionalLong seal = next(database, true); seal.isPresent(); seal = next(database, true)) {
            last = seal.getAsLong();
        }
        return last;
    }

    /** The last seal that this node has summed up; 0 if it was always another node. */
    public long lastSeal() {
        return lastSeal;
    }

    @Override
    public void close() {
        stopping = true;
        rounds.close();
    }

    private void round() {
        try {
            boolean more = true;
            while (more && !stopping) {
                OptionalLong seal = next(database, false);
                seal.ifPresent(number -> lastSeal = number);
                more = seal.isPresent();
            }
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    /** @param waits for another process that is at it; without it, there is nothing to do then */
    private static OptionalLong next(Database database, boolean waits) {
        return database.inTransaction("sum usage up", connection -> {
            try (PreparedStatement call = connection.prepareStatement("select roll_up(?)")) {
                call.setBoolean(1, waits);
                try (ResultSet row = call.executeQuery()) {
                    row.next();
                    long seal = row.getLong(1);
                    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(seal);
                }
            }
        });
    }
}
