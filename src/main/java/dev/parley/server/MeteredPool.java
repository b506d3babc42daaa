package dev.parley.server;

import dev.parley.pool.EndReason;
import dev.parley.pool.PoolEvents;
import dev.parley.telemetry.Meters;
import java.time.Duration;

/** Counts what happens in the pool of upstream sessions. */
record MeteredPool(Meters meters) implements PoolEvents {
    @Override
    public void acquired(Duration waited, boolean warm) {
        meters.acquired(waited, warm);
    }

    @Override
    public void refused(String code) {
        meters.acquireRefused(code);
    }

    @Override
    public void connected(String account, Duration took) {
        meters.upstreamConnected(account, took);
    }

    @Override
    public void connectFailed(String account, String code) {
        meters.upstreamFailed(account, code);
    }

    @Override
    public void ended(EndReason reason) {
        meters.upstreamEnded(reason.label());
    }
}
