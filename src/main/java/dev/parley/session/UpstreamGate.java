package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.Scrubber;
import dev.parley.quota.SessionPermit;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Judges what the provider sends. Deltas and everything unknown pass as they are; the events that tell of usage wait for
 * their ledger entry; facts of the provider's account stay here.
 */
final class UpstreamGate implements Gate {
    private static final List<String> STATUS = List.of("response", "status_details");
    private static final List<String> STATUS_MESSAGE = List.of("response", "status_details", "error", "message");
    private static final List<String> MESSAGE = List.of("error", "message");

    private final UpstreamLife life;
    private final SessionPermit permit;
    private final AudioMeter audio;
    private final ConversationMeter conversation;
    private final Transcriptions transcriptions;
    private final SessionUpdates updates;
    private final UpstreamErrors errors;
    private final @Nullable Responses responses;
    private final Consumer<LegEnd> ended;
    private boolean lastWasError;

    /** @param responses null in a transcription session */
    UpstreamGate(
            UpstreamLife life,
            SessionPermit permit,
            AudioMeter audio,
            ConversationMeter conversation,
            Transcriptions transcriptions,
            SessionUpdates updates,
            UpstreamErrors errors,
            @Nullable Responses responses,
            Consumer<LegEnd> ended) {
        this.life = life;
        this.permit = permit;
        this.audio = audio;
        this.conversation = conversation;
        this.transcriptions = transcriptions;
        this.updates = updates;
        this.errors = errors;
        this.responses = responses;
        this.ended = ended;
    }

    /** Whether the last thing the client heard of the provider was an error: then a close that follows needs no further word. */
    boolean lastWasError() {
        return lastWasError;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        EventType type = head.type();
        lastWasError = false;
        return switch (type) {
            case SESSION_UPDATED,
                    RESPONSE_CREATED,
                    RESPONSE_DONE,
                    TRANSCRIPTION_COMPLETED,
                    TRANSCRIPTION_FAILED,
                    ERROR,
                    RATE_LIMITS_UPDATED,
                    INPUT_AUDIO_BUFFER_COMMITTED,
                    INPUT_AUDIO_BUFFER_SPEECH_STARTED,
                    INPUT_AUDIO_BUFFER_SPEECH_STOPPED -> Verdict.COLLECT;
            case CONVERSATION_ITEM_ADDED,
                    CONVERSATION_ITEM_CREATED,
                    CONVERSATION_ITEM_DONE,
                    CONVERSATION_ITEM_TRUNCATED,
                    CONVERSATION_ITEM_DELETED -> memory() == null ? passing(head) : Verdict.COLLECT;
            case SESSION_CREATED -> Verdict.DROP; // the client has had its one
            default -> passing(head);
        };
    }

    private Verdict passing(MessageHead head) {
        return head.isText() && life.relaying() ? Verdict.PASS : Verdict.DROP;
    }

    @Override
    public void onPassed(MessageHead head) {
        switch (head.type()) {
            case RESPONSE_OUTPUT_AUDIO_DELTA, RESPONSE_AUDIO_DELTA -> delivered(head, true);
            case RESPONSE_OUTPUT_TEXT_DELTA,
                    RESPONSE_TEXT_DELTA,
                    RESPONSE_AUDIO_TRANSCRIPT_DELTA,
                    RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA,
                    RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA -> delivered(head, false);
            case INPUT_AUDIO_BUFFER_CLEARED -> audio.cleared();
            default -> {}
        }
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        JsonNode event = Json.object(utf8).orElse(null);
        if (event == null) {
            life.end(Ending.of(
                            "upstream",
                            Refusal.of(
                                    Kind.UPSTREAM_UNAVAILABLE,
                                    "upstream_unreadable",
                                    "The upstream sent an event that cannot be read, and that may tell of usage."))
                    .closing(1011, "upstream unreadable"));
            return Delivery.dropped();
        }
        Delivery delivery = judged(head.type(), event, utf8);
        return life.relaying() || delivery instanceof Delivery.Later ? delivery : Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }

    private Delivery judged(EventType type, JsonNode event, Buffer utf8) {
        return switch (type) {
            case SESSION_UPDATED -> updates.updated(event, utf8);
            case RESPONSE_CREATED -> created(event.path("response"));
            case RESPONSE_DONE -> done(event.path("response"), utf8);
            case TRANSCRIPTION_COMPLETED -> {
                remember(type, event);
                yield now(transcriptions.completed(event, Delivery.asIs()));
            }
            case CONVERSATION_ITEM_ADDED,
                    CONVERSATION_ITEM_CREATED,
                    CONVERSATION_ITEM_DONE,
                    CONVERSATION_ITEM_TRUNCATED,
                    CONVERSATION_ITEM_DELETED -> {
                remember(type, event);
                yield Delivery.asIs();
            }
            case TRANSCRIPTION_FAILED -> {
                transcriptions.failed(event.path("item_id").asText(""));
                yield changed(ProviderWords.in(utf8, event.path("error"), MESSAGE), utf8);
            }
            case RATE_LIMITS_UPDATED -> Delivery.replaced(RateLimits.updated(event, permit.rateLimits()));
            case ERROR -> {
                Delivery told = errors.judge(event.path("error"), utf8);
                lastWasError = !(told instanceof Delivery.Dropped);
                yield told;
            }
            case INPUT_AUDIO_BUFFER_COMMITTED -> committed(event.path("item_id").asText(""));
            case INPUT_AUDIO_BUFFER_SPEECH_STARTED -> {
                audio.speechStarted(event.path("audio_start_ms").asLong(0));
                if (responses != null) {
                    responses.automatic().awaken();
                }
                yield Delivery.asIs();
            }
            case INPUT_AUDIO_BUFFER_SPEECH_STOPPED -> {
                audio.speechStopped(event.path("audio_end_ms").asLong(audio.appendedMillis()));
                yield Delivery.asIs();
            }
            default -> Delivery.asIs();
        };
    }

    /** A transcription session has no conversation that could be told. */
    private @Nullable SessionMemory memory() {
        return responses == null ? null : life.memory();
    }

    private void remember(EventType type, JsonNode event) {
        SessionMemory memory = memory();
        if (memory == null) {
            return;
        }
        ConversationText text = memory.text();
        String itemId = event.path("item_id").asText("");
        switch (type) {
            case TRANSCRIPTION_COMPLETED ->
                text.transcribed(
                        itemId,
                        event.path("content_index").asInt(0),
                        event.path("transcript").asText(""));
            case CONVERSATION_ITEM_TRUNCATED -> text.truncated(itemId);
            case CONVERSATION_ITEM_DELETED -> text.deleted(itemId);
            default -> text.tell(event.path("item"), event.path("previous_item_id"));
        }
    }

    private Delivery created(JsonNode response) {
        if (responses != null) {
            responses.created(response);
        }
        return Delivery.asIs();
    }

    private Delivery done(JsonNode response, Buffer utf8) {
        if (responses == null) {
            return Delivery.asIs();
        }
        SessionMemory memory = memory();
        if (memory != null && response.hasNonNull("conversation_id")) {
            for (JsonNode item : response.path("output")) { // some providers do not tell of items by themselves
                memory.text().answered(item);
            }
        }
        JsonNode failure = response.path("status_details").path("error");
        if (failure.isObject()) {
            errors.ofResponse(failure);
        }
        return now(responses.done(response, scrubbed(response, utf8)));
    }

    private static Delivery scrubbed(JsonNode response, Buffer utf8) {
        JsonNode details = response.path("status_details");
        if (!details.isTextual()) {
            return changed(ProviderWords.in(utf8, details.path("error"), STATUS_MESSAGE), utf8);
        }
        String clean = Scrubber.scrub(details.textValue());
        return clean.equals(details.textValue())
                ? Delivery.asIs()
                : Delivery.replaced(JsonSplice.set(utf8, STATUS, Json.quoted(clean)));
    }

    private static Delivery changed(Buffer told, Buffer utf8) {
        return told.equals(utf8) ? Delivery.asIs() : Delivery.replaced(told);
    }

    private Delivery committed(String itemId) {
        AudioMeter.Committed item = audio.committed();
        conversation.addAudioItem(item.millis());
        transcriptions.committed(itemId, item.millis());
        if (responses != null && item.byVoiceActivity() && responses.automatic().atEndOfTurn()) {
            responses.gatedTurn();
        }
        return Delivery.asIs();
    }

    private void delivered(MessageHead head, boolean audioDelta) {
        if (responses != null) {
            responses.delivered(responses.ambiguous() ? head.peek("response_id") : null, head.bytes(), audioDelta);
        }
    }

    private static Delivery now(Future<Delivery> decision) {
        return decision.succeeded() ? decision.result() : Delivery.later(decision);
    }
}
