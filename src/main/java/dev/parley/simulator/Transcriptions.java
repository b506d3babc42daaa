package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Transcribes committed audio when the session has a transcription model. It understands nothing: the transcript is as much of
 * the recording's text as the audio is long, each one going on where the last one ended, so the shipped recording comes out right.
 * Confined to the session's event loop.
 */
final class Transcriptions {
    private static final int MILLIS_PER_WORD = 430;
    private static final int DELAY_MILLIS = 60;

    private final SessionParts parts;
    private final Map<Long, Booking> open = new HashMap<>();
    private int begun;
    private int wordsHeard;

    Transcriptions(SessionParts parts) {
        this.parts = parts;
    }

    void begin(Item item) {
        parts.state().inputTranscription().ifPresent(settings -> begin(item, settings.deepCopy()));
    }

    /** The connection is gone: what is open stays in the books as lost, with its full cost. */
    void abandon() {
        open.values().forEach(booking -> parts.provider().books().write(booking));
        open.clear();
    }

    private void begin(Item item, JsonNode settings) {
        Script script = parts.script();
        String model = settings.path("model").asText();
        String scripted = script.text(ScriptKey.TRANSCRIPT);
        String transcript = scripted == null ? heard(item.audioMillis()) : scripted;
        Booking booking = parts.provider()
                .books()
                .begin(Booking.Kind.TRANSCRIPTION, item.id(), parts.state().id(), model);
        boolean bySeconds = switch (script.choice(ScriptKey.TRANSCRIPTION_USAGE, "present")) {
            case "tokens" -> false;
            case "duration" -> true;
            default -> Models.isBilledBySeconds(model);
        };
        Usage usage = bySeconds ? Usage.ZERO : tokens(item, settings, transcript);
        double seconds = bySeconds ? item.audioMillis() / 1_000.0 : 0;
        open.put(booking.sequence(), booking.ended(Booking.LOST, usage, seconds, null));
        int normal = (int) Math.min(
                Integer.MAX_VALUE, DELAY_MILLIS / parts.provider().options().speed());
        int delay = script.countAt(ScriptKey.TRANSCRIPTION_DELAY_MILLIS, begun++, normal);
        parts.timers().after(Math.max(1, delay), () -> finish(item, booking.sequence(), transcript, bySeconds));
    }

    private static Usage tokens(Item item, JsonNode settings, String transcript) {
        int prompt = Tokens.ofText(settings.path("prompt").asText(""));
        return new Usage(
                new Tokens(prompt, Tokens.ofUserAudio(item.audioMillis()), 0), Tokens.NONE, Tokens.text(transcript), 0);
    }

    private void finish(Item item, long sequence, String transcript, boolean bySeconds) {
        Booking booking = open.remove(sequence);
        if (booking == null) {
            return;
        }
        Script script = parts.script();
        if (script.has(ScriptKey.TRANSCRIPTION_FAILS)) {
            fail(item, booking);
            return;
        }
        for (String piece : Reply.pieces(transcript)) {
            parts.wire().send(event("delta", item).put("delta", piece).put("obfuscation", Ids.obfuscation(piece)));
        }
        item.transcript(transcript);
        ObjectNode completed = event("completed", item).put("transcript", transcript);
        String told = null;
        if (!script.choice(ScriptKey.TRANSCRIPTION_USAGE, "present").equals("absent")) {
            ObjectNode usage = bySeconds ? duration(booking.seconds()) : tokenUsage(booking.usage());
            completed.set("usage", usage);
            told = Trees.write(usage);
        }
        deliver(completed, booking.ended("completed", booking.usage(), booking.seconds(), told));
    }

    private void fail(Item item, Booking booking) {
        ObjectNode failed = event("failed", item);
        ObjectNode error = Trees.object()
                .put("type", "transcription_error")
                .put("code", "audio_unintelligible")
                .put("message", "The audio could not be transcribed.")
                .putNull("param");
        parts.script().object(ScriptKey.TRANSCRIPTION_FAILS).ifPresent(error::setAll);
        failed.set("error", error);
        deliver(failed, booking.ended("failed", Usage.ZERO, 0, null));
    }

    private void deliver(ObjectNode event, Booking booking) {
        Books books = parts.provider().books();
        books.write(booking);
        parts.wire().send(event).onSuccess(written -> books.write(booking.asDelivered()));
    }

    private static ObjectNode event(String kind, Item item) {
        return Trees.event("conversation.item.input_audio_transcription." + kind)
                .put("item_id", item.id())
                .put("content_index", 0);
    }

    static ObjectNode duration(double seconds) {
        return Trees.object().put("type", "duration").put("seconds", seconds);
    }

    static ObjectNode tokenUsage(Usage usage) {
        ObjectNode json = Trees.object()
                .put("type", "tokens")
                .put("total_tokens", usage.input().total() + usage.output().total())
                .put("input_tokens", usage.input().total());
        json.putObject("input_token_details")
                .put("text_tokens", usage.input().text())
                .put("audio_tokens", usage.input().audio());
        return json.put("output_tokens", usage.output().total());
    }

    private String heard(int millis) {
        List<String> words = List.of(Voice.WORDS.split(" "));
        long count = Math.max(1, Math.round((double) millis / MILLIS_PER_WORD));
        StringBuilder text = new StringBuilder();
        for (long i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(words.get(wordsHeard++ % words.size()));
        }
        return text.toString();
    }
}
