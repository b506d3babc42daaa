package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.EventRules;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Trees;
import io.vertx.core.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * One translation session: says its recording for as long as the audio that it is sent, and a word of the recording's text for
 * each 430 ms of it, in "the other language" too. It bills every byte of audio. Confined to the event loop of its socket, but
 * for {@link #drop()} and {@link #close}.
 */
final class SimulatedTranslation implements OpenSession {
    private static final int MILLIS_PER_WORD = 430;
    private static final List<String> WORDS = List.of(Voice.WORDS.split(" "));
    private static final String TRANSCRIBER = "session.audio.input.transcription.model";

    private final Provider provider;
    private final Context context;
    private final Wire wire;
    private final Script script;
    private final Timers timers;
    private final String model;
    private final String id = Ids.next("sess_");
    private final ObjectNode session;
    private Booking booking;
    private long bytes;
    private int spokenMillis;
    private int words;
    private boolean ended;

    SimulatedTranslation(Provider provider, Wire wire, Script script, String model) {
        this.provider = provider;
        this.context = provider.vertx().getOrCreateContext();
        this.wire = wire;
        this.script = script;
        this.timers = new Timers(provider.vertx());
        this.model = model;
        this.session = fresh();
        this.booking = provider.books().begin(Booking.Kind.TRANSLATION, id, id, model);
    }

    void open() {
        provider.books().sessionOpened();
        provider.sessions().add(this);
        Duration max = SimulatedSession.longest(provider, script);
        timers.after(max.toMillis(), () -> {
            wire.send(new ClientError("session_expired", "Your session hit the maximum duration.", null).toEvent(null));
            end(1001, "Your session hit the maximum duration.");
        });
        timers.after(script.count(ScriptKey.CREATED_DELAY_MILLIS, 0), this::greet);
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
        }
    }

    @Override
    public void onBinary(long size) {
        provider.books().received(size);
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

    @Override
    public void drop() {
        context.runOnContext(_ -> {
            stop();
            wire.reset();
        });
    }

    @Override
    public void close(int code, String reason) {
        context.runOnContext(_ -> end(code, reason));
    }

    private void greet() {
        if (!script.flag(ScriptKey.NEVER_CREATED)) {
            wire.send(sessionEvent("session.created"));
            script.count(ScriptKey.RESET_AFTER_MILLIS).ifPresent(millis -> timers.after(millis, this::drop));
        }
    }

    private void handle(ObjectNode event) {
        String type = Checks.requiredText(event, "type", "type");
        switch (type) {
            case "session.update" -> update(Checks.requiredObject(event, "session", "session"));
            case "session.input_audio_buffer.append" -> append(Checks.requiredText(event, "audio", "audio"));
            case "session.close" -> {
                wire.send(Trees.event("session.closed"));
                end(1000, "");
            }
            default -> throw ClientError.wrongValue("type", "Invalid value: '" + type + "'.");
        }
    }

    private void update(ObjectNode patch) {
        Checks.onlyMembers(patch, "session.", Set.of("audio"));
        JsonNode transcriber = patch.at("/audio/input/transcription/model");
        if (transcriber.isTextual() && !Models.transcribes(transcriber.textValue())) {
            throw ClientError.wrongValue(TRANSCRIBER, "Invalid value: '" + transcriber.textValue() + "'.");
        }
        for (String side : List.of("input", "output")) {
            patch.path("audio")
                    .path(side)
                    .properties()
                    .forEach(member -> session.withObject("/audio/" + side).set(member.getKey(), member.getValue()));
        }
        wire.send(sessionEvent("session.updated"));
    }

    private void append(String base64) {
        int size;
        try {
            size = Base64.getDecoder().decode(base64).length;
        } catch (IllegalArgumentException broken) {
            throw ClientError.wrongValue("audio", "The audio is not base64.");
        }
        bytes += size;
        booking = booking.ended(Booking.IN_PROGRESS, Usage.ZERO, seconds(), null);
        provider.books().write(booking);
        int millis = AudioFormat.PCM.millis(size);
        byte[] speech = provider.voice().speak(spokenMillis, millis, AudioFormat.PCM);
        spokenMillis += millis;
        say();
        wire.send(Trees.event("session.output_audio.delta")
                .put("delta", Base64.getEncoder().encodeToString(speech))
                .put("sample_rate", 24_000)
                .put("channels", 1)
                .put("format", "pcm16")
                .put("elapsed_ms", spokenMillis));
    }

    private void say() {
        boolean heard = session.at("/audio/input/transcription").isObject();
        while ((words + 1) * MILLIS_PER_WORD <= spokenMillis) {
            String word = WORDS.get(words++ % WORDS.size()) + " ";
            if (heard) {
                wire.send(Trees.event("session.input_transcript.delta").put("delta", word));
            }
            wire.send(Trees.event("session.output_transcript.delta").put("delta", word));
        }
    }

    private double seconds() {
        return Math.ceilDiv(bytes, AudioFormat.PCM.bytesPerMilli()) / 1_000.0;
    }

    private ObjectNode fresh() {
        Duration max = SimulatedSession.longest(provider, script);
        ObjectNode made = Trees.object()
                .put("type", "translation")
                .put("object", "realtime.translation_session")
                .put("id", id)
                .put("model", model)
                .put("expires_at", Instant.now().plus(max).getEpochSecond());
        made.withObject("/audio/input").putNull("transcription").putNull("noise_reduction");
        made.withObject("/audio/output").put("language", "en");
        return made;
    }

    private ObjectNode sessionEvent(String type) {
        ObjectNode event = Trees.event(type);
        event.set("session", session.deepCopy());
        return event;
    }

    private void end(int code, String reason) {
        stop();
        wire.close(code, reason);
    }

    private void stop() {
        if (!ended) {
            ended = true;
            timers.stop();
            provider.books().write(booking.ended("completed", Usage.ZERO, seconds(), null));
        }
    }
}
