package dev.parley.admin;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** Times as requests write them: those that Postgres can keep and a calendar shows. */
final class Times {
    private static final Instant FIRST = Instant.EPOCH;
    private static final Instant LAST = Instant.parse("9999-12-31T00:00:00Z");

    private Times() {}

    /** @return empty if it is none */
    static Optional<Instant> read(String text) {
        try {
            Instant time = Instant.parse(text);
            return time.isBefore(FIRST) || time.isAfter(LAST) ? Optional.empty() : Optional.of(time);
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }
}
