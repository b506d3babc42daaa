package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** What a script can change, one key each. {@link #words()} is the documentation that {@code src/docs/simulator.md} repeats. */
public enum ScriptKey {
    HANDSHAKE(
            Kind.OBJECT,
            "{status, retryAfter?} refuses over HTTP; {error:{…}, close} opens, tells the error and closes"),
    HANDSHAKE_DELAY_MILLIS(Kind.COUNT, "wait before answering the upgrade"),
    CREATED_DELAY_MILLIS(Kind.COUNT, "wait before session.created"),
    NEVER_CREATED(Kind.FLAG, "never sends session.created"),
    CREATED_FIRST(Kind.FLAG, "false: conversation.created comes before session.created, as from xAI"),
    EXTRA_EVENTS(Kind.LIST, "events sent as they are after session.created"),
    EXTRA_FIELDS(Kind.OBJECT, "members added to every event"),
    TYPE_LAST(Kind.FLAG, "type is the last member of every event"),
    FRAGMENT_MESSAGES(Kind.COUNT, "every message in this many frames"),
    EMPTY_FIRST_FRAGMENT(Kind.FLAG, "every message starts with an empty frame"),
    PING_MILLIS(Kind.COUNT, "sends a ping this often"),
    STOP_READING(Kind.FLAG, "reads nothing after session.created"),
    SESSION_MAX_MILLIS(Kind.COUNT, "the session's maximum duration"),
    RATE_LIMITS(Kind.PLACE, "where rate_limits.updated comes, or with no entries, or never"),
    REPLY(Kind.TEXT, "the text of every answer"),
    FUNCTION_CALL(Kind.OBJECT, "{name, arguments}: every answer is this call"),
    OUTPUT_TOKENS(Kind.COUNT, "text tokens of every answer"),
    AUDIO_DELTA_BYTES(Kind.COUNT, "base64 characters in an audio delta"),
    DELTA_INTERVAL_MILLIS(Kind.COUNT, "wait between deltas"),
    GENERATION_DELAY_MILLIS(Kind.COUNT, "wait between response.created and the first output"),
    USAGE(Kind.USAGE, "usage in response.done"),
    CANCELLED_USAGE(Kind.USAGE, "the same for cancelled responses only"),
    CACHED_TOKENS(Kind.COUNT, "cached tokens in every usage, at most the input"),
    REASONING_TOKENS(Kind.COUNT, "reasoning tokens added to every answer's text output"),
    STATUS_DETAILS_TEXT(Kind.FLAG, "status_details is a bare string, as from xAI"),
    REFUSE_RESPONSE(Kind.OBJECT, "{type, code, message}: response.create is answered with this error"),
    FAIL_RESPONSE(Kind.OBJECT, "{type, code, message, afterDeltas?}: responses end as failed"),
    FILTER_AFTER_DELTAS(Kind.COUNT, "responses end as incomplete, content_filter"),
    ANSWERS_AFTER_CANCEL(Kind.COUNT, "deltas that still come after a cancelled response is done"),
    DUPLICATE_EVERY(Kind.COUNT, "every event of this number is sent twice"),
    IGNORE_CANCEL(Kind.FLAG, "response.cancel has no effect and no answer"),
    RESET_AFTER_DELTAS(Kind.COUNT, "drops the connection in mid-response"),
    RESET_AFTER_MILLIS(Kind.COUNT, "drops the connection this long after session.created"),
    RESET_BEFORE_DONE(Kind.FLAG, "drops the connection in place of response.done"),
    CLOSE_AFTER_RESPONSES(Kind.COUNT, "closes after so many responses, see close"),
    CLOSE(Kind.OBJECT, "{code, reason}: how closeAfterResponses closes; 1011 by default"),
    RETRIEVED_ITEM_BYTES(Kind.COUNT, "base64 characters of audio in conversation.item.retrieved"),
    IDLE_TIMEOUT_MILLIS(Kind.COUNT, "in place of the asked idle_timeout_ms, once it is on"),
    TRANSCRIPT(Kind.TEXT, "what every transcription hears"),
    TRANSCRIPTION_DELAY_MILLIS(
            Kind.COUNTS, "wait before a transcription; a list is used item by item, so they overtake"),
    TRANSCRIPTION_USAGE(Kind.TRANSCRIPTION_USAGE, "usage of completed transcriptions"),
    TRANSCRIPTION_FAILS(Kind.OBJECT, "{type, code, message, param}: transcriptions end as failed"),
    CALL_TURNS(Kind.COUNT, "how often the caller of a call speaks by itself"),
    CALL_TURN_MILLIS(Kind.COUNT, "wait before each of them; 1000 by default"),
    CALL_REFUSED(Kind.OBJECT, "{status, message?}: a call is not begun");

    private final Kind kind;
    private final String words;

    ScriptKey(Kind kind, String words) {
        this.kind = kind;
        this.words = words;
    }

    /** The name in JSON: {@code audioDeltaBytes}. */
    public String json() {
        StringBuilder name = new StringBuilder();
        for (String word : name().split("_")) {
            String lower = word.toLowerCase(Locale.ROOT);
            name.append(name.isEmpty() ? lower : Character.toUpperCase(lower.charAt(0)) + lower.substring(1));
        }
        return name.toString();
    }

    /** What the key does, in one line. */
    public String words() {
        return words;
    }

    static Optional<ScriptKey> named(String json) {
        return Arrays.stream(values()).filter(key -> key.json().equals(json)).findFirst();
    }

    /** Throws {@link IllegalArgumentException} when {@code value} is none that this key takes. */
    void check(JsonNode value) {
        if (!kind.takes(value)) {
            throw new IllegalArgumentException("'" + json() + "' must be " + kind.words);
        }
    }

    /** What values a key takes. */
    private enum Kind {
        FLAG("true or false"),
        COUNT("a whole number, 0 or more"),
        COUNTS("a whole number, 0 or more, or a list of them"),
        TEXT("a string"),
        OBJECT("an object"),
        LIST("a list of objects"),
        USAGE("present, null, zero, noDetails or absent"),
        TRANSCRIPTION_USAGE("present, absent, tokens or duration"),
        PLACE("after, start, empty or none");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        boolean takes(JsonNode value) {
            return switch (this) {
                case FLAG -> value.isBoolean();
                case COUNT -> isCount(value);
                case COUNTS -> isCount(value) || all(value, Kind::isCount);
                case TEXT -> value.isTextual();
                case OBJECT -> value.isObject();
                case LIST -> all(value, JsonNode::isObject);
                case USAGE, TRANSCRIPTION_USAGE, PLACE ->
                    value.isTextual() && List.of(words.split(", | or ")).contains(value.textValue());
            };
        }

        private static boolean isCount(JsonNode value) {
            return value.canConvertToInt() && value.isIntegralNumber() && value.intValue() >= 0;
        }

        private static boolean all(JsonNode list, Predicate<JsonNode> each) {
            return list.isArray() && !list.isEmpty() && list.valueStream().allMatch(each);
        }
    }
}
