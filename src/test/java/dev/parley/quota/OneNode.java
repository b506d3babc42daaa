package dev.parley.quota;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import java.time.Instant;

/** A node whose database has the clock of the test. */
record OneNode(Ticker ticker) implements NodeIdentity {
    @Override
    public String name() {
        return "node";
    }

    @Override
    public long epoch() {
        return 1;
    }

    @Override
    public boolean admitting() {
        return true;
    }

    @Override
    public Instant databaseNow() {
        return ticker.now();
    }
}
