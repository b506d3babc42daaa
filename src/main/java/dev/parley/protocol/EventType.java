package dev.parley.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The events that the broker does something with; all others are {@link #UNKNOWN} to it and pass untouched. Names as in
 * the GA protocol.
 */
public enum EventType {
    UNKNOWN(""),
    // client to server
    SESSION_UPDATE("session.update"),
    INPUT_AUDIO_BUFFER_APPEND("input_audio_buffer.append"),
    INPUT_AUDIO_BUFFER_COMMIT("input_audio_buffer.commit"),
    INPUT_AUDIO_BUFFER_CLEAR("input_audio_buffer.clear"),
    CONVERSATION_ITEM_CREATE("conversation.item.create"),
    CONVERSATION_ITEM_RETRIEVE("conversation.item.retrieve"),
    CONVERSATION_ITEM_TRUNCATE("conversation.item.truncate"),
    CONVERSATION_ITEM_DELETE("conversation.item.delete"),
    RESPONSE_CREATE("response.create"),
    RESPONSE_CANCEL("response.cancel"),
    TRANSLATION_APPEND("session.input_audio_buffer.append"),
    SESSION_CLOSE("session.close"),
    // server to client
    ERROR("error"),
    SESSION_CREATED("session.created"),
    SESSION_UPDATED("session.updated"),
    SESSION_CLOSED("session.closed"),
    INPUT_AUDIO_BUFFER_COMMITTED("input_audio_buffer.committed"),
    INPUT_AUDIO_BUFFER_CLEARED("input_audio_buffer.cleared"),
    INPUT_AUDIO_BUFFER_SPEECH_STARTED("input_audio_buffer.speech_started"),
    INPUT_AUDIO_BUFFER_SPEECH_STOPPED("input_audio_buffer.speech_stopped"),
    INPUT_AUDIO_BUFFER_TIMEOUT_TRIGGERED("input_audio_buffer.timeout_triggered"),
    CONVERSATION_ITEM_ADDED("conversation.item.added"),
    CONVERSATION_ITEM_CREATED("conversation.item.created"),
    CONVERSATION_ITEM_DONE("conversation.item.done"),
    CONVERSATION_ITEM_TRUNCATED("conversation.item.truncated"),
    CONVERSATION_ITEM_DELETED("conversation.item.deleted"),
    TRANSCRIPTION_DELTA("conversation.item.input_audio_transcription.delta"),
    TRANSCRIPTION_COMPLETED("conversation.item.input_audio_transcription.completed"),
    TRANSCRIPTION_FAILED("conversation.item.input_audio_transcription.failed"),
    RESPONSE_CREATED("response.created"),
    RESPONSE_DONE("response.done"),
    RESPONSE_OUTPUT_TEXT_DELTA("response.output_text.delta"),
    RESPONSE_OUTPUT_AUDIO_DELTA("response.output_audio.delta"),
    RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA("response.output_audio_transcript.delta"),
    RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA("response.function_call_arguments.delta"),
    RATE_LIMITS_UPDATED("rate_limits.updated"),
    // server to client as compatible providers have kept them from the beta
    RESPONSE_TEXT_DELTA("response.text.delta"),
    RESPONSE_AUDIO_DELTA("response.audio.delta"),
    RESPONSE_AUDIO_TRANSCRIPT_DELTA("response.audio_transcript.delta");

    private static final Map<String, EventType> BY_NAME = Stream.of(values())
            .filter(type -> type != UNKNOWN)
            .collect(Collectors.toUnmodifiableMap(EventType::wireName, Function.identity()));

    private final String wireName;

    @SuppressWarnings("ImmutableEnumChecker") // never handed out
    private final byte[] utf8;

    EventType(String wireName) {
        this.wireName = wireName;
        this.utf8 = wireName.getBytes(StandardCharsets.US_ASCII);
    }

    /** The value of {@code type} on the wire. */
    public String wireName() {
        return wireName;
    }

    /** Whether {@code bytes[from, from + length)} is this type's name. */
    public boolean matches(byte[] bytes, int from, int length) {
        return length == utf8.length && Arrays.equals(bytes, from, from + length, utf8, 0, length);
    }

    public static EventType of(String wireName) {
        return BY_NAME.getOrDefault(wireName, UNKNOWN);
    }
}
