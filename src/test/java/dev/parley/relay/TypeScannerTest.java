package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TypeScannerTest {
    private static final String AUDIO = "A".repeat(200);

    /** Read whole, the usual head is stepped over in one go; byte by byte it is not: both must see the same. */
    @ParameterizedTest
    @MethodSource("documents")
    void seesTheSameHoweverTheBytesCome(String document, EventType type, boolean duplicate) {
        byte[] plain = document.getBytes(StandardCharsets.UTF_8);
        for (int mask : new int[] {0, 0x11223344, 0x80FF227B}) {
            byte[] masked = plain.clone();
            Masks.apply(masked, 0, masked.length, mask);
            for (int piece : new int[] {1, 2, 3, 7, 9, 31, 32, 33, 64, masked.length}) {
                TypeScanner scanner = new TypeScanner();
                scanner.reset();
                for (int from = 0; from < masked.length; from += piece) {
                    int to = Math.min(masked.length, from + piece);
                    scanner.scan(ByteBuffer.wrap(masked), from, to, Masks.rotate(mask, from), true);
                }
                assertThat(scanner.type()).as("pieces of " + piece).isEqualTo(type);
                assertThat(scanner.duplicate()).as("pieces of " + piece).isEqualTo(duplicate);
            }
        }
    }

    static Stream<Arguments> documents() {
        String append = "input_audio_buffer.append";
        String audio = ",\"audio\":\"" + AUDIO + "\"}";
        return Stream.of(
                Arguments.of("{\"type\":\"" + append + "\"" + audio, EventType.INPUT_AUDIO_BUFFER_APPEND, false),
                Arguments.of("{\"type\": \"" + append + "\"" + audio, EventType.INPUT_AUDIO_BUFFER_APPEND, false),
                Arguments.of(" {\"type\":\"" + append + "\"" + audio, EventType.INPUT_AUDIO_BUFFER_APPEND, false),
                Arguments.of(
                        "{\"audio\":\"" + AUDIO + "\",\"type\":\"" + append + "\"}",
                        EventType.INPUT_AUDIO_BUFFER_APPEND,
                        false),
                Arguments.of(
                        "{\"type\":\"\\u0069nput_audio_buffer.append\"" + audio,
                        EventType.INPUT_AUDIO_BUFFER_APPEND,
                        false),
                Arguments.of(
                        "{\"type\":\"" + append + "\",\"type\":\"response.create\"" + audio,
                        EventType.INPUT_AUDIO_BUFFER_APPEND,
                        true),
                Arguments.of(
                        "{\"type\":\"" + append + "\",\"audio\":\"" + AUDIO + "\",\"type\":1}",
                        EventType.INPUT_AUDIO_BUFFER_APPEND,
                        true),
                Arguments.of(
                        "{\"type\":\"" + append + "\",\"audio\":\"" + AUDIO + "\\\",\\\"type\\\":1\"}",
                        EventType.INPUT_AUDIO_BUFFER_APPEND,
                        false),
                Arguments.of("{\"type\":\"input_audio_buffer.appended\"" + audio, EventType.UNKNOWN, false),
                Arguments.of("{\"type\":\"\"" + audio, EventType.UNKNOWN, false),
                Arguments.of("{\"type\":\"é\"" + audio, EventType.UNKNOWN, false),
                Arguments.of("{\"type\":\"" + AUDIO + "\"" + audio, EventType.UNKNOWN, false),
                Arguments.of("{\"type\":null" + audio, EventType.UNKNOWN, false),
                Arguments.of("{\"type\":\"response.create\"}", EventType.RESPONSE_CREATE, false));
    }
}
