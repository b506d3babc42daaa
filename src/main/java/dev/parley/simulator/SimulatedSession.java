package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Conversation;
import dev.parley.conversation.ConversationEvents;
import dev.parley.conversation.EventRules;
import dev.parley.conversation.Item;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Trees;
import io.vertx.core.Context;
import java.time.Duration;

/**
 * One session: takes client events, hands them to its parts, and lives until the socket, the clock or the script ends it.
 * Confined to the event loop of its socket, but for {@link #drop()} and {@link #close}.
 */
final class SimulatedSession implements OpenSession {
    static final Conversation.Bounds BOUNDS = new Conversation.Bounds(20_000, 64 << 20, 32 << 20, false);
    private final Provider provider;
    private final Context context;
    private final Wire wire;
    private final Script script;
    private final SessionState state;
    private final Timers timers;
    private final Conversation conversation = new Conversation(BOUNDS);
    private final Transcriptions transcriptions;
    private final Responses responses;
    private final InputAudio input;
    private final ConversationEvents items;
    private boolean ended;

    SimulatedSession(Provider provider, Wire wire, Script script, SessionState state) {
        this.provider = provider;
        this.context = provider.vertx().getOrCreateContext();
        this.wire = wire;
        this.script = script;
        this.state = state;
        this.timers = new Timers(provider.vertx());
        SessionParts parts = new SessionParts(provider, wire, script, state, conversation, timers);
        this.transcriptions = new Transcriptions(parts);
        this.responses = new Responses(parts, this::onResponseEnded);
        this.input = new InputAudio(parts, transcriptions, responses);
        this.items = new ConversationEvents(conversation, state::inputFormat, wire::send, this::retrieved);
    }

    /** How long a session may live. */
    static Duration longest(Provider provider, Script script) {
        return Duration.ofMillis(script.count(
                ScriptKey.SESSION_MAX_MILLIS,
                Math.toIntExact(provider.options().sessionMax().toMillis())));
    }

    void open() {
        provider.books().sessionOpened();
        provider.sessions().add(this);
        Duration max = longest(provider, script);
        timers.after(max.toMillis(), () -> expire(max));
        timers.after(script.count(ScriptKey.CREATED_DELAY_MILLIS, 0), this::greet);
        script.count(ScriptKey.PING_MILLIS).ifPresent(millis -> timers.every(Math.max(1, millis), wire::ping));
    }

    @Override
    public void onText(String text) {
        provider.books().received(text.length());
        if (ended) {
            return;
        }
        String eventId = null;
        try {
            ObjectNode event = EventRules.read(text);
            eventId = event.path("event_id").textValue();
            handle(event);
        } catch (ClientError error) {
            wire.send(error.toEvent(eventId));
            if ("invalid_model".equals(error.code())) {
                end(4000, "invalid_request_error.invalid_model");
            }
        }
    }

    @Override
    public void onBinary(long bytes) {
        provider.books().received(bytes);
        wire.send(new ClientError("invalid_event", "Binary messages are not supported.", null).toEvent(null));
    }

    @Override
    public void onClosed() {
        if (provider.sessions().remove(this)) {
            provider.books().sessionClosed();
        }
        stop();
        wire.onClosed();
    }

    /** What it tells who joins it. */
    ObjectNode created() {
        return sessionEvent("session.created");
    }

    /** Its settings, as of an update; a {@link ClientError} if they cannot be. */
    void configure(ObjectNode settings) {
        state.update(settings, false);
        input.onSessionUpdated();
    }

    /** Somebody speaks who has no socket. */
    void hear(byte[] audio) {
        if (!ended) {
            input.hear(audio);
        }
    }

    /** Closes whatever connections it has, and is over whether they answer or not. Safe on any thread. */
    void finish(int code, String reason) {
        context.runOnContext(_ -> {
            end(code, reason);
            onClosed();
        });
    }

    /** The format that is heard. */
    AudioFormat format() {
        return state.inputFormat();
    }

    @Override
    public void drop() {
        context.runOnContext(ignored -> {
            stop();
            wire.reset();
        });
    }

    @Override
    public void close(int code, String reason) {
        context.runOnContext(ignored -> end(code, reason));
    }

    private void end(int code, String reason) {
        stop();
        wire.close(code, reason);
    }

    private void stop() {
        ended = true;
        timers.stop();
        responses.abandon();
        transcriptions.abandon();
    }

    private void greet() {
        if (script.flag(ScriptKey.NEVER_CREATED)) {
            return;
        }
        if (script.denied(ScriptKey.CREATED_FIRST)) {
            ObjectNode created = Trees.event("conversation.created");
            created.putObject("conversation").put("id", conversation.id()).put("object", "realtime.conversation");
            wire.send(created);
        }
        wire.send(sessionEvent("session.created"));
        script.list(ScriptKey.EXTRA_EVENTS).forEach(event -> wire.send(event.deepCopy()));
        if (script.flag(ScriptKey.STOP_READING)) {
            wire.stopReading();
        }
        script.count(ScriptKey.RESET_AFTER_MILLIS).ifPresent(millis -> timers.after(millis, this::drop));
    }

    private void expire(Duration max) {
        String text = "Your session hit the maximum duration of " + words(max) + ".";
        wire.send(new ClientError("session_expired", text, null).toEvent(null));
        end(1001, text);
    }

    private static String words(Duration duration) {
        return duration.toMinutes() > 0 ? duration.toMinutes() + " minutes" : duration.toMillis() + " ms";
    }

    private void handle(ObjectNode event) {
        String type = Checks.requiredText(event, "type", "type");
        EventRules.check(type, event);
        switch (type) {
            case "session.update" -> update(event);
            case "input_audio_buffer.append" -> input.append(event);
            case "input_audio_buffer.commit" -> input.commit();
            case "input_audio_buffer.clear" -> input.clear();
            case "conversation.item.create" -> items.create(event);
            case "conversation.item.truncate" -> items.truncate(event);
            case "conversation.item.delete" -> items.delete(event);
            case "conversation.item.retrieve" -> items.retrieve(event);
            case "response.create" -> responses.create(event);
            case "response.cancel" -> responses.cancel(event);
            default -> throw EventRules.unknownType(type);
        }
    }

    private void update(ObjectNode event) {
        ObjectNode patch = Checks.requiredObject(event, "session", "session");
        JsonNode transcriber = patch.at("/audio/input/transcription/model");
        if (transcriber.isTextual() && !Models.transcribes(transcriber.textValue())) {
            throw ClientError.wrongValue(
                    "session.audio.input.transcription.model", "Invalid value: '" + transcriber.textValue() + "'.");
        }
        state.update(patch, responses.hasSpoken());
        input.onSessionUpdated();
        wire.send(sessionEvent("session.updated"));
    }

    private ObjectNode retrieved(Item item) {
        int padded = script.count(ScriptKey.RETRIEVED_ITEM_BYTES, 0);
        byte[] kept = item.audio();
        if (padded > 0) {
            return item.retrieved(speech(item, item.format().millis(padded / 4L * 3)));
        }
        return item.retrieved(kept == null ? speech(item, item.audioMillis()) : kept);
    }

    private byte[] speech(Item item, int millis) {
        return provider.voice().speak(0, millis, item.format());
    }

    private ObjectNode sessionEvent(String type) {
        ObjectNode event = Trees.event(type);
        event.set("session", state.effective().deepCopy());
        return event;
    }

    private void onResponseEnded(int responsesEnded, int audioMillis) {
        int closesAfter = script.count(ScriptKey.CLOSE_AFTER_RESPONSES, 0);
        if (closesAfter > 0 && responsesEnded >= closesAfter) {
            ObjectNode close = script.object(ScriptKey.CLOSE).orElseGet(Trees::object);
            end(close.path("code").asInt(1011), close.path("reason").asText(""));
            return;
        }
        if (audioMillis != Responses.OUT_OF_BAND) {
            input.onResponseEnded(audioMillis);
        }
    }
}
