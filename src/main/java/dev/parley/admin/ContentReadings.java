package dev.parley.admin;

import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;

/**
 * Notes in the audit log who reads what is said in a session: once for each administrator and session in {@link #ONE_READING},
 * because a page that is open asks again and again. Each node remembers by itself. Thread-safe.
 */
final class ContentReadings {
    static final Duration ONE_READING = Duration.ofMinutes(10);
    /** Readings that are remembered; of those before them a second note is made sooner. */
    private static final int REMEMBERED_MAX = 10_000;

    private final Changes changes;
    private final Ticker ticker;
    private final LinkedHashMap<Reading, Instant> noted = new LinkedHashMap<>();

    ContentReadings(Changes changes, Ticker ticker) {
        this.changes = changes;
        this.ticker = ticker;
    }

    private record Reading(String actor, String session) {}

    /** Blocks; throws if it cannot be noted. */
    void note(Call call, JsonObject session) {
        Reading reading = new Reading(call.actor().name(), session.getString("id"));
        Instant now = ticker.now();
        if (isNoted(reading, now)) {
            return;
        }
        changes.note(
                call,
                "session.read",
                "session/" + reading.session(),
                null,
                new JsonObject().put("tenant", session.getString("tenant")));
        remember(reading, now);
    }

    private synchronized boolean isNoted(Reading reading, Instant now) {
        Instant last = noted.get(reading);
        return last != null && now.isBefore(last.plus(ONE_READING));
    }

    private synchronized void remember(Reading reading, Instant now) {
        noted.remove(reading);
        noted.put(reading, now);
        if (noted.size() > REMEMBERED_MAX) {
            noted.pollFirstEntry();
        }
    }
}
