package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.quota.SessionPermit;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.upstream.ProviderNames;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Judges what the client of a translation session sends: audio, settings and its end, each read whole; nothing else goes on.
 * Decisions that take time are taken one after the other. One event loop.
 */
final class TranslationGate implements Gate {
    /** The only format there is: pcm16, 24 kHz, mono. */
    static final int BYTES_PER_MILLI = 48;

    private final UpstreamLife life;
    private final SessionPermit permit;
    private final TranslationRules rules;
    private final TranscriberName transcriber;
    private final ProviderNames names;
    private final RequestRules tenantRules;
    private final Stretches stretches;
    private final Consumer<LegEnd> ended;
    private Future<Delivery> last = Future.succeededFuture(Delivery.dropped());

    TranslationGate(
            UpstreamLife life,
            SessionPermit permit,
            TranslationRules rules,
            TranscriberName transcriber,
            ProviderNames names,
            RequestRules tenantRules,
            Stretches stretches,
            Consumer<LegEnd> ended) {
        this.life = life;
        this.permit = permit;
        this.rules = rules;
        this.transcriber = transcriber;
        this.names = names;
        this.tenantRules = tenantRules;
        this.stretches = stretches;
        this.ended = ended;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        if (!life.relaying()) {
            return Verdict.DROP;
        }
        if (!head.isText()) {
            life.end(Ending.binary());
            return Verdict.DROP;
        }
        return Verdict.COLLECT;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (last.isComplete()) {
            last = judged(utf8);
        } else {
            Buffer kept = utf8.copy();
            last = last.transform(_ -> judged(kept));
        }
        return last.succeeded() ? last.result() : Delivery.later(last);
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }

    boolean idle() {
        return last.isComplete();
    }

    /** Decides on an event of the broker's own as if the client had sent it, after all before it. */
    Future<Delivery> judge(Buffer utf8) {
        last = last.transform(_ -> judged(utf8));
        return last;
    }

    private Future<Delivery> judged(Buffer utf8) {
        if (!life.relaying()) {
            return now(Delivery.dropped());
        }
        Optional<JsonNode> read = Json.object(utf8);
        if (read.isEmpty()) {
            return refused(
                    invalid(
                            "invalid_event",
                            "type",
                            "The message is not one JSON object, or it has a key twice or is nested too deeply."),
                    null);
        }
        JsonNode event = read.get();
        return switch (EventType.of(event.path("type").asText(""))) {
            case TRANSLATION_APPEND -> append(event);
            case SESSION_UPDATE -> update(event, utf8);
            case SESSION_CLOSE -> now(Delivery.asIs());
            default ->
                refused(
                        invalid(
                                "invalid_event",
                                "type",
                                "A translation session takes session.update, session.input_audio_buffer.append and"
                                        + " session.close, and no other event."),
                        event);
        };
    }

    /** Paid before it is sent. */
    private Future<Delivery> append(JsonNode event) {
        String audio = event.path("audio").textValue();
        if (audio == null) {
            return refused(
                    invalid("missing_required_parameter", "audio", "Missing required parameter: 'audio', in base64."),
                    event);
        }
        long bytes = decodedLength(audio);
        Future<Optional<Refusal>> counted = permit.countsAudio()
                ? permit.countAudio(Math.ceilDiv(bytes, BYTES_PER_MILLI))
                : Future.succeededFuture(Optional.empty());
        return counted.compose(refusal -> refusal.isPresent() ? Future.succeededFuture(refusal) : stretches.send(bytes))
                .compose(refusal -> refusal.isPresent() ? unpaid(refusal.get(), event) : now(Delivery.asIs()));
    }

    /** Without money there is no use in more audio, and a translation with holes is none. */
    private Future<Delivery> unpaid(Refusal refusal, JsonNode event) {
        if (refusal.kind() != Kind.BUDGET_EXHAUSTED) {
            return refused(refusal, event);
        }
        life.end(Ending.of("client", refusal).causedBy(event.path("event_id").textValue()));
        return now(Delivery.dropped());
    }

    @SuppressWarnings("ReferenceEquality") // whether it was changed
    private Future<Delivery> update(JsonNode asked, Buffer utf8) {
        Buffer resolved = transcriber.resolve(asked, utf8);
        JsonNode event = resolved == utf8 ? asked : Json.object(resolved).orElse(asked);
        JsonNode session = event.path("session");
        Optional<Refusal> refusal = rules.refusal(session).or(() -> tenantRules.refusal(session, "session"));
        if (refusal.isPresent()) {
            return refused(refusal.get(), event);
        }
        Buffer sent = names.toProvider(withoutUrlsPart(event, session, resolved));
        return now(sent == utf8 ? Delivery.asIs() : Delivery.replaced(sent));
    }

    private static Buffer withoutUrlsPart(JsonNode event, JsonNode session, Buffer utf8) {
        if (!(session.has("type") || session.has("model"))) {
            return utf8;
        }
        ObjectNode sent = event.deepCopy();
        sent.set("session", TranslationRules.sent((ObjectNode) session));
        return Json.bytes(sent);
    }

    private Future<Delivery> refused(Refusal refusal, @Nullable JsonNode event) {
        life.refuse(refusal, event == null ? null : event.path("event_id").textValue());
        return now(Delivery.dropped());
    }

    private static Refusal invalid(String code, String param, String message) {
        return Refusal.of(Kind.BAD_REQUEST, code, message).param(param);
    }

    /** Of base64, padded or not. */
    private static long decodedLength(String base64) {
        int chars = base64.length();
        while (chars > 0 && base64.charAt(chars - 1) == '=') {
            chars--;
        }
        return chars * 3L / 4;
    }

    private static Future<Delivery> now(Delivery delivery) {
        return Future.succeededFuture(delivery);
    }
}
