package dev.parley.admin;

import dev.parley.session.SessionTimeline;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How quick the last turns of a node were: up to {@link #TURNS_MAX} of them, of the last {@link #KEPT}. Thread-safe. */
public final class RecentTurns implements SessionTimeline.Listener {
    static final int TURNS_MAX = 500;
    static final Duration KEPT = Duration.ofMinutes(5);

    private final Deque<Waits> turns = new ArrayDeque<>();

    /** @param firstAudioMillis null if there was none */
    record Waits(
            Instant at,
            @Nullable Long firstOutputMillis,
            @Nullable Long firstAudioMillis) {}

    @Override
    public void onTurn(SessionTimeline.Of session, SessionTimeline.Turn turn) {
        Instant done = turn.done();
        if (done == null) {
            return;
        }
        Waits waits = new Waits(done, since(turn.asked(), turn.firstOutput()), since(turn.asked(), turn.firstAudio()));
        synchronized (turns) {
            if (turns.size() == TURNS_MAX) {
                turns.removeFirst();
            }
            turns.addLast(waits);
        }
    }

    /** For the wire: a row each. */
    JsonArray rows(Instant now) {
        JsonArray rows = new JsonArray();
        synchronized (turns) {
            turns.stream()
                    .filter(turn -> turn.at().isAfter(now.minus(KEPT)))
                    .forEach(turn -> rows.add(
                            new JsonArray().add(turn.firstOutputMillis()).add(turn.firstAudioMillis())));
        }
        return rows;
    }

    /** The turns of all nodes together, as the API shows them. */
    static JsonObject summary(List<JsonArray> rows) {
        return new JsonObject()
                .put("turns", rows.size())
                .put("first_output", percentiles(rows, 0))
                .put("first_audio", percentiles(rows, 1));
    }

    private static @Nullable JsonObject percentiles(List<JsonArray> rows, int column) {
        List<Long> sorted = new ArrayList<>();
        rows.forEach(row -> {
            Long millis = row.getLong(column);
            if (millis != null) {
                sorted.add(millis);
            }
        });
        if (sorted.isEmpty()) {
            return null;
        }
        sorted.sort(null);
        return new JsonObject()
                .put("p50_millis", sorted.get((sorted.size() - 1) / 2))
                .put("p95_millis", sorted.get((sorted.size() - 1) * 95 / 100));
    }

    private static @Nullable Long since(Instant asked, @Nullable Instant then) {
        return then == null ? null : Math.max(0, Duration.between(asked, then).toMillis());
    }
}
