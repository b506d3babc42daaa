package dev.parley.concurrent;

import java.time.Instant;

/** The time, behind an interface so that a test can turn the hands. Thread-safe. */
public interface Ticker {
    Ticker SYSTEM = new Ticker() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public Instant now() {
            return Instant.now();
        }
    };

    /** The monotonic clock, for intervals. */
    long nanos();

    /** The wall clock, for time stamps only. */
    Instant now();
}
