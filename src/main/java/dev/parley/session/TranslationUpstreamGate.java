package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.Json;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.upstream.ProviderNames;
import dev.parley.upstream.UpstreamConnector.Lease;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Judges what the provider sends in a translation session: all of it passes, and its end waits for the ledger. One event loop. */
final class TranslationUpstreamGate implements Gate {
    private static final List<String> MESSAGE = List.of("error", "message");

    private final UpstreamLife life;
    private final Stretches stretches;
    private final TranscriberName name;
    private final ProviderNames names;
    private final SessionReport report;
    private final Lease lease;
    private final Runnable over;
    private final Consumer<LegEnd> ended;
    private @Nullable String transcriber;
    private boolean lastWasError;
    private boolean closed;

    /** @param over the client has heard that the session is closed */
    TranslationUpstreamGate(
            UpstreamLife life,
            Stretches stretches,
            TranscriberName name,
            ProviderNames names,
            SessionReport report,
            Lease lease,
            Runnable over,
            Consumer<LegEnd> ended) {
        this.life = life;
        this.stretches = stretches;
        this.name = name;
        this.names = names;
        this.report = report;
        this.lease = lease;
        this.over = over;
        this.ended = ended;
    }

    /** The model that transcribes the input beside; null if there is none. */
    @Nullable
    String transcriber() {
        return transcriber;
    }

    /** What is left to say to the client when the upstream ends. */
    Farewell farewell(LegEnd end) {
        return closed ? new Farewell(Ending.closed(), true) : new Farewell(UpstreamEnding.of(end), lastWasError);
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        lastWasError = false;
        return switch (head.type()) {
            case SESSION_CREATED -> Verdict.DROP; // the client has had its one
            case SESSION_UPDATED, SESSION_CLOSED, ERROR -> Verdict.COLLECT;
            default -> head.isText() && life.relaying() ? Verdict.PASS : Verdict.DROP;
        };
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (!life.relaying()) {
            return Delivery.dropped();
        }
        JsonNode event = Json.object(utf8).orElse(null);
        if (event == null) {
            return Delivery.asIs(); // nothing of it is needed here
        }
        return switch (head.type()) {
            case SESSION_UPDATED -> {
                Buffer own = names.fromProvider(event, utf8);
                JsonNode told = Json.object(own).orElse(event);
                transcriber =
                        told.at("/session/audio/input/transcription/model").textValue();
                yield changed(name.told(told, own), utf8);
            }
            case SESSION_CLOSED -> closing();
            case ERROR -> error(event.path("error"), utf8);
            default -> Delivery.asIs();
        };
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }

    private Delivery closing() {
        closed = true;
        Future<Delivery> filed = stretches.close().onSuccess(_ -> over.run());
        return filed.succeeded() ? filed.result() : Delivery.later(filed);
    }

    private Delivery error(JsonNode error, Buffer utf8) {
        String code = Scrubber.code(error.path("code").asText(error.path("type").asText("error")));
        lease.reported(code);
        report.upstreamError(
                code,
                error.path("message").asText(""),
                "invalid_request_error".equals(error.path("type").textValue()));
        lastWasError = true;
        return changed(ProviderWords.in(utf8, error, MESSAGE), utf8);
    }

    private static Delivery changed(Buffer told, Buffer utf8) {
        return told.equals(utf8) ? Delivery.asIs() : Delivery.replaced(told);
    }
}
