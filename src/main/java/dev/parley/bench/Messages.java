package dev.parley.bench;

import java.nio.charset.StandardCharsets;

/** The messages of the benchmark, as the product sees them: audio in base64 inside the two hot events. */
final class Messages {
    static final String RESPONSE_ID = "resp_bench0000000000000001";

    private static final String APPEND_HEAD = "{\"type\":\"input_audio_buffer.append\",\"audio\":\"";
    private static final String APPEND_TAIL = "\"}";
    private static final String DELTA_HEAD =
            "{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_bench000000000001\",\"response_id\":\""
                    + RESPONSE_ID + "\",\"item_id\":\"item_bench000000000001\",\"output_index\":0,\"content_index\":0,"
                    + "\"delta\":\"";
    private static final String SESSION =
            "{\"type\":\"realtime\",\"object\":\"realtime.session\",\"id\":\"sess_bench\","
                    + "\"model\":\"gpt-realtime\",\"output_modalities\":[\"audio\"],\"instructions\":\"\",\"tools\":[],"
                    + "\"tool_choice\":\"auto\",\"max_output_tokens\":\"inf\",\"tracing\":null,\"truncation\":\"auto\","
                    + "\"prompt\":null,\"expires_at\":4102444800,\"audio\":{\"input\":{\"format\":{\"type\":\"audio/pcm\","
                    + "\"rate\":24000},\"transcription\":null,\"noise_reduction\":null,\"turn_detection\":{\"type\":"
                    + "\"server_vad\",\"threshold\":0.5,\"prefix_padding_ms\":300,\"silence_duration_ms\":500,"
                    + "\"idle_timeout_ms\":null,\"create_response\":true,\"interrupt_response\":true}},\"output\":{\"format\":"
                    + "{\"type\":\"audio/pcm\",\"rate\":24000},\"voice\":\"marin\",\"speed\":1.0}},\"include\":null}";

    private Messages() {}

    /** {@code input_audio_buffer.append} of exactly that many bytes. */
    static byte[] append(int bytes) {
        return filled(APPEND_HEAD, bytes);
    }

    /** {@code response.output_audio.delta} of exactly that many bytes. */
    static byte[] delta(int bytes) {
        return filled(DELTA_HEAD, bytes);
    }

    static String session() {
        return SESSION;
    }

    static byte[] sessionEvent(String type, String session) {
        return utf8("{\"type\":\"" + type + "\",\"event_id\":\"event_bench\",\"session\":" + session + "}");
    }

    static byte[] responseCreated() {
        return utf8("{\"type\":\"response.created\",\"event_id\":\"event_bench\",\"response\":{\"object\":"
                + "\"realtime.response\",\"id\":\"" + RESPONSE_ID + "\",\"status\":\"in_progress\","
                + "\"status_details\":null,\"output\":[],\"conversation_id\":\"conv_bench\",\"usage\":null,"
                + "\"metadata\":null}}");
    }

    static byte[] responseCancelled() {
        return utf8("{\"type\":\"response.done\",\"event_id\":\"event_bench\",\"response\":{\"object\":"
                + "\"realtime.response\",\"id\":\"" + RESPONSE_ID + "\",\"status\":\"cancelled\",\"status_details\":"
                + "{\"type\":\"cancelled\",\"reason\":\"client_cancelled\"},\"output\":[],\"conversation_id\":"
                + "\"conv_bench\",\"usage\":{\"total_tokens\":20,\"input_tokens\":10,\"output_tokens\":10,"
                + "\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":10,\"image_tokens\":0,"
                + "\"cached_tokens\":0,\"cached_tokens_details\":{\"text_tokens\":0,\"audio_tokens\":0,"
                + "\"image_tokens\":0}},\"output_token_details\":{\"text_tokens\":0,\"audio_tokens\":10}},"
                + "\"metadata\":null}}");
    }

    private static byte[] filled(String head, int bytes) {
        int audio = bytes - head.length() - APPEND_TAIL.length();
        if (audio < 0) {
            throw new IllegalArgumentException("a message of the benchmark has at least 300 bytes");
        }
        return utf8(head + "A".repeat(audio) + APPEND_TAIL);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
