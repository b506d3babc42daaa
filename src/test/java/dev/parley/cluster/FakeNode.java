package dev.parley.cluster;

import dev.parley.domain.NodeIdentity;
import java.time.Instant;

/** A node that is what the test says. */
final class FakeNode implements NodeIdentity {
    volatile long epoch = 1;
    volatile boolean admitting = true;

    @Override
    public String name() {
        return "a";
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public boolean admitting() {
        return admitting;
    }

    @Override
    public Instant databaseNow() {
        return Instant.EPOCH;
    }
}
