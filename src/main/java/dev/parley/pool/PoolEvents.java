package dev.parley.pool;

import java.time.Duration;

/** What happens in a pool, for meters. Called on event loops; must not block. */
public interface PoolEvents {
    /** Hears nothing. */
    PoolEvents NONE = new PoolEvents() {
        @Override
        public void acquired(Duration waited, boolean warm) {}

        @Override
        public void refused(String code) {}

        @Override
        public void connected(String account, Duration took) {}

        @Override
        public void connectFailed(String account, String code) {}

        @Override
        public void ended(EndReason reason) {}
    };

    /** A session got its upstream, out of the warm ones or not. */
    void acquired(Duration waited, boolean warm);

    /** A session got none. */
    void refused(String code);

    void connected(String account, Duration took);

    void connectFailed(String account, String code);

    /** An upstream session is gone. */
    void ended(EndReason reason);
}
