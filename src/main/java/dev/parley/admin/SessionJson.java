package dev.parley.admin;

import dev.parley.quota.SessionPermit.RateLimit;
import dev.parley.session.SessionDetail;
import dev.parley.session.SessionTimeline;
import dev.parley.session.SessionTimeline.Span;
import dev.parley.session.SessionTimeline.Turn;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A live session as nodes tell of it to each other, and as the API shows it. */
final class SessionJson {
    /** Of a session that ended so long ago that nobody remembers. */
    static final JsonObject NOTHING =
            new JsonObject().putNull("standing").put("spans", new JsonArray()).put("turns", new JsonArray());

    private SessionJson() {}

    static JsonObject of(SessionDetail detail) {
        return of(detail.timeline()).put("standing", standing(detail));
    }

    /** Of a session that has ended. */
    static JsonObject of(SessionTimeline timeline) {
        return new JsonObject()
                .putNull("standing")
                .put("spans", array(timeline.spans(), SessionJson::span))
                .put("turns", array(timeline.turns(), SessionJson::turn));
    }

    private static JsonObject standing(SessionDetail detail) {
        return new JsonObject()
                .put("account", detail.account())
                .put("upstream_session", detail.upstreamSession())
                .put("reserved_nano_usd", Long.toString(detail.reserved().value()))
                .put("ends_at", detail.endsAt().toString())
                .put("limits", array(detail.limits(), SessionJson::limit));
    }

    private static JsonObject limit(RateLimit limit) {
        return new JsonObject()
                .put("unit", limit.unit().name().toLowerCase(Locale.ROOT))
                .put("limit", limit.limit())
                .put("remaining", limit.remaining())
                .put("resets_in_millis", limit.resets().toMillis());
    }

    private static JsonObject span(Span span) {
        return new JsonObject()
                .put("from", span.fromClient() ? "client" : "upstream")
                .put("type", span.type())
                .put("first_at", span.from().toString())
                .put("last_at", span.to().toString())
                .put("events", span.events())
                .put("bytes", span.bytes());
    }

    private static JsonObject turn(Turn turn) {
        return new JsonObject()
                .put("response", turn.response())
                .put("account", turn.account())
                .put("asked_at", turn.asked().toString())
                .put("first_output_at", text(turn.firstOutput()))
                .put("first_audio_at", text(turn.firstAudio()))
                .put("done_at", text(turn.done()));
    }

    private static <T> JsonArray array(List<T> all, Function<T, JsonObject> json) {
        return new JsonArray(all.stream().map(json).toList());
    }

    private static @Nullable String text(@Nullable Instant at) {
        return at == null ? null : at.toString();
    }
}
