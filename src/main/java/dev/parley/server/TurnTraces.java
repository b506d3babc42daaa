package dev.parley.server;

import dev.parley.concurrent.Rounds;
import dev.parley.config.Secret;
import dev.parley.domain.ModelName;
import dev.parley.session.SessionTimeline;
import dev.parley.session.SessionTimeline.Of;
import dev.parley.session.SessionTimeline.Turn;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a span for every turn to a collector: OTLP over HTTP in its JSON form, named as OpenTelemetry's GenAI conventions do.
 * The turns of a session are one trace. Sessions, models and times, never content. What does not fit into the queue, or cannot
 * be sent, is dropped and counted: tracing holds nobody up. Hears on event loops, sends on a virtual thread.
 */
final class TurnTraces implements SessionTimeline.Listener, AutoCloseable {
    static final int WAITING_MAX = 2_048;
    private static final int AT_ONCE_MAX = 256;
    private static final Duration EVERY = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int CLIENT = 3;
    private static final int TRACE_ID_BYTES = 16;
    private static final Logger LOGGER = LoggerFactory.getLogger(TurnTraces.class);

    private final URI endpoint;
    private final @Nullable Secret authorization;
    private final String node;
    private final SecureRandom random = new SecureRandom();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final BlockingQueue<Done> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final AtomicLong dropped = new AtomicLong();
    private final Rounds rounds;
    private boolean failing;

    /** @param node names this process among the others */
    TurnTraces(URI endpoint, @Nullable Secret authorization, String node) {
        this.endpoint = endpoint;
        this.authorization = authorization;
        this.node = node;
        this.rounds = new Rounds("traces", EVERY, this::round);
    }

    @Override
    public void onTurn(Of session, Turn turn) {
        if (!waiting.offer(new Done(session, turn))) {
            dropped.incrementAndGet();
        }
    }

    /** Spans that were never sent. */
    long dropped() {
        return dropped.get();
    }

    @Override
    public void close() {
        rounds.close();
        round();
        http.shutdownNow();
    }

    private void round() {
        for (Done first = waiting.poll(); first != null; first = waiting.poll()) {
            JsonArray spans = new JsonArray().add(span(first));
            for (Done next = waiting.poll(); next != null && spans.size() < AT_ONCE_MAX; next = waiting.poll()) {
                spans.add(span(next));
            }
            send(spans);
        }
    }

    private void send(JsonArray spans) {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint)
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body(spans).encode()));
        if (authorization != null) {
            request.header("Authorization", authorization.reveal());
        }
        try {
            HttpResponse<Void> response = http.send(request.build(), BodyHandlers.discarding());
            tell(spans, response.statusCode() / 100 == 2 ? null : "the collector answered " + response.statusCode());
        } catch (IOException e) {
            tell(spans, e.getClass().getSimpleName());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            tell(spans, "interrupted");
        }
    }

    private void tell(JsonArray spans, @Nullable String problem) {
        if (problem != null) {
            dropped.addAndGet(spans.size());
        }
        if (problem != null && !failing) {
            LOGGER.atWarn().addKeyValue("cause", problem).log("traces cannot be sent now; they are dropped");
        }
        failing = problem != null;
    }

    private JsonObject body(JsonArray spans) {
        JsonObject resource = new JsonObject()
                .put(
                        "attributes",
                        new JsonArray().add(text("service.name", "parley")).add(text("service.instance.id", node)));
        JsonObject scope = new JsonObject()
                .put("scope", new JsonObject().put("name", "dev.parley"))
                .put("spans", spans);
        return new JsonObject()
                .put(
                        "resourceSpans",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("resource", resource)
                                        .put("scopeSpans", new JsonArray().add(scope))));
    }

    private JsonObject span(Done done) {
        Of session = done.session();
        Turn turn = done.turn();
        ModelName model = session.model();
        JsonArray attributes = new JsonArray()
                .add(text("gen_ai.operation.name", "chat"))
                .add(text("gen_ai.conversation.id", session.session().value()))
                .add(text("parley.tenant", session.tenant().value()));
        if (model != null) {
            attributes.add(text("gen_ai.request.model", model.value()));
        }
        JsonArray events = new JsonArray();
        event(events, "first_output", turn.firstOutput());
        event(events, "first_audio", turn.firstAudio());
        return new JsonObject()
                .put("traceId", traceId(session.session().value()))
                .put("spanId", spanId())
                .put("name", model == null ? "chat" : "chat " + model)
                .put("kind", CLIENT)
                .put("startTimeUnixNano", nanos(turn.asked()))
                .put("endTimeUnixNano", nanos(turn.done() == null ? turn.asked() : turn.done()))
                .put("attributes", attributes)
                .put("events", events)
                .put("status", new JsonObject());
    }

    private static void event(JsonArray events, String name, @Nullable Instant at) {
        if (at != null) {
            events.add(new JsonObject().put("timeUnixNano", nanos(at)).put("name", name));
        }
    }

    private static JsonObject text(String key, String value) {
        return new JsonObject().put("key", key).put("value", new JsonObject().put("stringValue", value));
    }

    private static String nanos(Instant at) {
        return Long.toString(Math.addExact(Math.multiplyExact(at.getEpochSecond(), 1_000_000_000L), at.getNano()));
    }

    private String spanId() {
        byte[] id = new byte[Long.BYTES];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /** The same for all turns of a session. */
    private static String traceId(String session) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(session.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(Arrays.copyOf(digest, TRACE_ID_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private record Done(Of session, Turn turn) {}
}
