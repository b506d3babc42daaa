package dev.parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonSpliceTest {
    private static final List<String> LIMIT = List.of("response", "max_output_tokens");

    @Test
    void replacesAValueOfAnyKindAndNothingElse() {
        for (String old : List.of("\"inf\"", "1.0e2", "null", "{\"a\":[1,{}]}", "[ ]", "true", "\"q\\\"\\u00e9\"")) {
            assertThat(set(
                            "{ \"x\" : 1.50,\"response\":{\"max_output_tokens\": " + old + " ,\"y\":\"\\u0041\"}}",
                            LIMIT,
                            "7"))
                    .isEqualTo("{ \"x\" : 1.50,\"response\":{\"max_output_tokens\": 7 ,\"y\":\"\\u0041\"}}");
        }
    }

    @Test
    void addsAMissingMember() {
        assertThat(set("{\"response\":{\"a\":1}}", LIMIT, "7"))
                .isEqualTo("{\"response\":{\"max_output_tokens\":7,\"a\":1}}");
        assertThat(set("{\"response\":{ }}", LIMIT, "7")).isEqualTo("{\"response\":{\"max_output_tokens\":7 }}");
    }

    @Test
    void makesTheObjectsOnTheWay() {
        assertThat(set("{\"type\":\"t\"}", LIMIT, "7"))
                .isEqualTo("{\"response\":{\"max_output_tokens\":7},\"type\":\"t\"}");
        assertThat(set("{}", LIMIT, "7")).isEqualTo("{\"response\":{\"max_output_tokens\":7}}");
        assertThat(set("{\"response\":null}", LIMIT, "7")).isEqualTo("{\"response\":{\"max_output_tokens\":7}}");
        assertThat(set("{\"response\":\"x\",\"z\":2}", LIMIT, "7"))
                .isEqualTo("{\"response\":{\"max_output_tokens\":7},\"z\":2}");
    }

    @Test
    void isNotMisledByTheSameNameDeeperDown() {
        assertThat(set(
                        "{\"a\":{\"event_id\":\"no\"},\"b\":\"event_id\",\"event_id\":\"yes\"}",
                        List.of("event_id"),
                        "\"x\""))
                .isEqualTo("{\"a\":{\"event_id\":\"no\"},\"b\":\"event_id\",\"event_id\":\"x\"}");
    }

    @Test
    void countsBytesAndNotCharacters() {
        assertThat(set("{\"é😀\":\"é😀\",\"response\":{\"max_output_tokens\":1,\"ü\":\"ü\"}}", LIMIT, "2"))
                .isEqualTo("{\"é😀\":\"é😀\",\"response\":{\"max_output_tokens\":2,\"ü\":\"ü\"}}");
    }

    private static String set(String json, List<String> path, String value) {
        return JsonSplice.set(Buffer.buffer(json), path, value).toString();
    }
}
