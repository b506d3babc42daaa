package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.EventType;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.Json;
import dev.parley.quota.SessionPermit;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Judges what the client sends. Appended audio is the hot path and passes; everything else is small or rare, and is read
 * whole and strictly, so that the broker and the provider cannot read two things out of the same bytes. Decisions that take
 * time are taken one after the other, so that what is sent upstream is what was decided, in order.
 */
final class ClientGate implements Gate {
    private final SessionLife life;
    private final SessionPermit permit;
    private final EffectiveConfig config;
    private final AudioMeter audio;
    private final ConversationMeter conversation;
    private final Transcriptions transcriptions;
    private final SessionUpdates updates;
    private final @Nullable Responses responses;
    private final Consumer<LegEnd> ended;
    private Future<Delivery> last = Future.succeededFuture(Delivery.dropped());
    private long audioMillisSeen;

    /** @param responses null in a transcription session */
    ClientGate(
            SessionLife life,
            SessionPermit permit,
            EffectiveConfig config,
            AudioMeter audio,
            ConversationMeter conversation,
            Transcriptions transcriptions,
            SessionUpdates updates,
            @Nullable Responses responses,
            Consumer<LegEnd> ended) {
        this.life = life;
        this.permit = permit;
        this.config = config;
        this.audio = audio;
        this.conversation = conversation;
        this.transcriptions = transcriptions;
        this.updates = updates;
        this.responses = responses;
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
        return head.type() == EventType.INPUT_AUDIO_BUFFER_APPEND && !transcriptions.on() && !permit.countsAudio()
                ? Verdict.PASS
                : Verdict.COLLECT;
    }

    @Override
    public void onPassed(MessageHead head) {
        audio.appended(head.bytes(), config.get().audioBytesPerMilli());
        Responses mine = responses;
        if (mine != null && audio.appendedMillis() - audioMillisSeen >= 1_000) {
            audioMillisSeen = audio.appendedMillis();
            mine.automatic().topUp();
        }
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        EventType type = head.type();
        if (last.isComplete()) {
            return later(judged(type, utf8));
        }
        Buffer kept = utf8.copy();
        return later(last.transform(_ -> judged(type, kept)));
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }

    /** Whether nothing waits for a decision. */
    boolean idle() {
        return last.isComplete();
    }

    /** Decides on an event of the broker's own as if the client had sent it, after all before it. */
    Future<Delivery> judge(EventType type, Buffer utf8) {
        last = last.transform(_ -> judged(type, utf8));
        return last;
    }

    private Delivery later(Future<Delivery> decision) {
        last = decision;
        return decision.succeeded() ? decision.result() : Delivery.later(decision);
    }

    private Future<Delivery> judged(EventType type, Buffer utf8) {
        if (!life.relaying()) {
            return now(Delivery.dropped());
        }
        return switch (type) {
            case INPUT_AUDIO_BUFFER_APPEND -> append(utf8);
            case CONVERSATION_ITEM_CREATE -> item(utf8);
            default -> event(utf8);
        };
    }

    /** Audio while it is counted or transcription is on: paid before it is sent. */
    private Future<Delivery> append(Buffer utf8) {
        int bytesPerMilli = config.get().audioBytesPerMilli();
        if (!permit.countsAudio()) {
            return transcribed(utf8, bytesPerMilli);
        }
        return permit.countAudio(AudioMeter.millisAtMost(utf8.length(), bytesPerMilli))
                .compose(refusal -> {
                    if (refusal.isPresent()) {
                        life.refuse(refusal.get(), null);
                        return now(Delivery.dropped());
                    }
                    return transcribed(utf8, bytesPerMilli);
                });
    }

    private Future<Delivery> transcribed(Buffer utf8, int bytesPerMilli) {
        long pending = audio.pendingMillis(config.get().turnDetection() != null)
                + AudioMeter.millisAtMost(utf8.length(), bytesPerMilli);
        return transcriptions.coverUpTo(pending).map(unpaid -> {
            if (unpaid.isPresent()) {
                life.refuse(unpaid.get(), null);
                return Delivery.dropped();
            }
            audio.appended(utf8.length(), bytesPerMilli);
            Responses mine = responses;
            if (mine != null) {
                mine.automatic().topUp();
            }
            return Delivery.asIs();
        });
    }

    /** An item can be megabytes of audio: measured, not read. */
    private Future<Delivery> item(Buffer utf8) {
        Optional<InputSize> size = InputSize.of(utf8);
        if (size.isEmpty()) {
            return notJson();
        }
        return counted(size.get()).map(refusal -> {
            if (refusal.isPresent()) {
                life.refuse(refusal.get(), null);
                return Delivery.dropped();
            }
            conversation.add(size.get());
            Responses mine = responses;
            if (mine != null) {
                mine.automatic().topUp();
            }
            return Delivery.asIs();
        });
    }

    /** Audio in other events than appends counts against the same quota; why it may not be sent, or empty. */
    private Future<Optional<Refusal>> counted(InputSize size) {
        return !permit.countsAudio() || size.audioBytes() == 0
                ? Future.succeededFuture(Optional.empty())
                : permit.countAudio(Math.ceilDiv(size.audioBytes(), config.get().audioBytesPerMilli()));
    }

    private Future<Delivery> create(Responses mine, JsonNode event, Buffer utf8) {
        InputSize size = InputSize.of(utf8).orElse(new InputSize(utf8.length(), 0, 0, true));
        return counted(size).compose(refusal -> {
            if (refusal.isPresent()) {
                life.refuse(refusal.get(), event.path("event_id").textValue());
                return now(Delivery.dropped());
            }
            return mine.create(event, utf8);
        });
    }

    private Future<Delivery> event(Buffer utf8) {
        Optional<JsonNode> read = Json.object(utf8);
        if (read.isEmpty()) {
            return notJson();
        }
        JsonNode event = read.get();
        Responses mine = responses;
        return switch (EventType.of(event.path("type").asText(""))) {
            case SESSION_UPDATE -> updates.update(event, utf8);
            case RESPONSE_CREATE -> mine == null ? noResponses(event) : create(mine, event, utf8);
            // Spelled so that the quick look at the bytes did not see it: escapes in the key or in the value.
            case INPUT_AUDIO_BUFFER_APPEND -> append(utf8);
            case CONVERSATION_ITEM_CREATE -> item(utf8);
            default -> now(Delivery.asIs());
        };
    }

    private Future<Delivery> noResponses(JsonNode event) {
        life.refuse(
                Refusal.of(Kind.BAD_REQUEST, "invalid_event", "A transcription session has no responses.")
                        .param("type"),
                event.path("event_id").textValue());
        return now(Delivery.dropped());
    }

    private Future<Delivery> notJson() {
        life.refuse(
                Refusal.of(
                        Kind.BAD_REQUEST,
                        "invalid_event",
                        "The message is not one JSON object, or it has a key twice or is nested too deeply."),
                null);
        return now(Delivery.dropped());
    }

    private static Future<Delivery> now(Delivery delivery) {
        return Future.succeededFuture(delivery);
    }
}
